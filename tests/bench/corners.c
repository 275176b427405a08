#include "run.h"
int run_corner(const struct run_setup *setup, const struct machine *machine){return -1;}
void run_list_corners(FILE *out){}
int run_latency(const struct run_setup *setup, const struct machine *machine){return -1;}
