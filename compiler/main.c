/* main.c - placeholder until the verbs stand: the version and nothing else. */
#include <stdio.h>

int main(void)
{
    puts("nasc " PACKAGE_VERSION);
    return 2;
}
