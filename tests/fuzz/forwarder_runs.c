/*
 * The forwarder's state file with any bytes: no process is remembered that may not be ended, and
 * what was taken is printed and taken again as it is.
 *
 * sources: backend/forwarder_run.c common/addr.c common/child.c common/clock.c common/err.c
 * sources: common/file.c common/text.c backend/kept_process.c
 */
#include <string.h>
#include <sys/socket.h>

#include "backend/forwarder_run.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forwarder_run runs[FORWARDER_SLOTS], again[FORWARDER_SLOTS];
	char *text = malloc(size + 1), printed[FORWARDER_RUNS_TEXT_MAX];
	char second[FORWARDER_RUNS_TEXT_MAX];

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	forwarder_runs_parse(text, runs);
	free(text);
	for (int i = 0; i < FORWARDER_SLOTS; i++) {
		HOLDS(runs[i].process.pid == 0 || runs[i].process.pid > 1);
		HOLDS(runs[i].process.fd == -1);
		HOLDS(runs[i].ip4.family == 0 || runs[i].ip4.family == AF_INET);
		HOLDS(runs[i].ip6.family == 0 || runs[i].ip6.family == AF_INET6);
	}
	forwarder_runs_print(runs, printed);
	HOLDS(strlen(printed) + 1 < sizeof(printed));
	forwarder_runs_parse(printed, again);
	forwarder_runs_print(again, second);
	HOLDS(strcmp(printed, second) == 0);
	return 0;
}
