/* SPDX-License-Identifier: BSD-3-Clause */
#include "view.h"

#include <string.h>
#include <time.h>

#include "text.h"

json_t *view_new(const json_t *reply, bool total)
{
	json_t *view = json_copy((json_t *)(uintptr_t)reply);
	json_t *since = json_incref(json_object_get(view, "since_reset"));

	json_object_del(view, "since_reset");
	if (!total && since != NULL)
		json_object_update(view, since);
	json_decref(since);
	return view;
}

void view_since(const json_t *view, char out[VIEW_SINCE_CHARS])
{
	int64_t reset_at;
	struct tm local;
	time_t when;

	out[0] = '\0';
	if (!text_number(json_object_get(view, "reset_at"), &reset_at))
		return;
	when = (time_t)reset_at;
	if (localtime_r(&when, &local) != NULL)
		strftime(out, VIEW_SINCE_CHARS, "since %Y-%m-%d %H:%M:%S (reset)", &local);
}

bool view_owns(const char *name)
{
	return strcmp(name, "reset_at") == 0 || strcmp(name, "reset_ago_s") == 0;
}
