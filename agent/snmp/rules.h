#ifndef PORTCULLIS_SNMP_RULES_H
#define PORTCULLIS_SNMP_RULES_H

#include "portcullis/snapshot.h"
#include "portcullis/usage.h"
#include "snmp/table.h"

/**
 * The rows of the explicit rules, with what was counted for each; nothing is done where they are made of just that already.
 *
 * @param rows     {0} at first; release with rules_fini().
 * @param inputs   NULL: there are no rules. One reference is taken, and one of reading.
 * @param reading  NULL: nothing is known of counters.
 */
void rules_make(struct rule_rows *rows, struct inputs *inputs, struct usage_reading *reading);
void rules_fini(struct rule_rows *rows);

#endif
