/*
 * The question of `explain` and `prove`: in comes a command line, out go a flow or packet and, asked of the daemon, the
 * walk of the packet. Refused are both at once, and neither.
 */
#include "cli/question.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "portcullis/text.h"

int question_read(
        const char *verb, const char *help, const struct option *options, int argc, char **argv, struct question *out)
{
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		if (c == 's')
			out->daemon.socket = optarg;
		else if (c == 'y')
			out->daemon.yang_dir = optarg;
		else if (c == 'j')
			out->daemon.json = true;
		else if (c == 'p')
			out->packet = optarg;
		else if (c == 'i')
			out->iif = optarg;
		else if (c == 'o')
			out->oif = optarg;
		else if (c == 'h')
			return fputs(help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
		else
			return cli_option_fault(verb, c, argc, argv);
	}
	if (optind < argc)
		out->flow = argv[optind++];
	if (optind < argc)
		return cli_usage(verb, "'%s' is one argument too many; put the label in quotation marks", argv[optind]);
	if ((out->flow == NULL) == (out->packet == NULL))
		return cli_usage(verb, "give either the label of a flow or --packet");
	return -1;
}

static void add_leaf(struct text *t, const char *name, const char *value)
{
	if (value == NULL)
		return;
	text_addf(t, "<%s>", name);
	text_add_xml(t, value);
	text_addf(t, "</%s>", name);
}

int question_ask(const struct question *q, xmlDoc **out, struct error *err)
{
	struct text t = {0};
	text_add(&t, "<explain xmlns=\"urn:portcullis:yang:portcullis\">");
	add_leaf(&t, "flow", q->flow);
	add_leaf(&t, "packet", q->packet);
	add_leaf(&t, "input-interface", q->iif);
	add_leaf(&t, "output-interface", q->oif);
	text_add(&t, "</explain>");
	int result = daemon_ask(&q->daemon, t.s, out, err);
	text_fini(&t);
	return result;
}
