/*
 * Log lines from any thread to standard error: with sd-daemon(3) level prefixes where standard error is the journal,
 * else with the program's name. Control characters are replaced, so that no input can forge a line.
 */
#include "portcullis/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_level max;
	bool journal, syslog;
} state = {.program = "portcullis", .max = LOG_LEVEL_INFO};

static const int priorities[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_INFO] = LOG_INFO,
        [LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void log_init(const char *program, enum log_level max, bool to_syslog)
{
	state.program = program;
	state.max = max;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
	state.syslog = to_syslog;
	if (to_syslog)
		openlog(program, LOG_PID, LOG_DAEMON);
}

void log_write(enum log_level level, const char *format, ...)
{
	char text[2048], line[2200];
	va_list ap;
	int n;

	if (level > state.max)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (state.syslog) {
		syslog(priorities[level], "%s", text);
		return;
	}
	if (state.journal)
		n = snprintf(line, sizeof(line), "<%d>%s\n", priorities[level], text);
	else
		n = snprintf(line, sizeof(line), "%s: %s%s\n", state.program,
		        level == LOG_LEVEL_ERROR     ? "error: "
		        : level == LOG_LEVEL_WARNING ? "warning: "
		                                     : "",
		        text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to say it */
}
