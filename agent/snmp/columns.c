/*
 * The tables of PORTCULLIS-MIB: per table its columns in the order of their numbers, each with the field of the row that it
 * shows. Index objects are not accessible and therefore not here. A test compares names, numbers and order with the MIB.
 */
#include "snmp/table.h"

static const struct column summary_columns[] = {
        {1, COLUMN_ENUM, offsetof(struct flat_summary, overall), "portcullisOverall"},
        {2, COLUMN_COUNTER, offsetof(struct flat_summary, generation), "portcullisGeneration"},
        {3, COLUMN_STAMP, offsetof(struct flat_summary, changed_ms), "portcullisLastChange"},
        {4, COLUMN_DATE, offsetof(struct flat_summary, changed_wall), "portcullisLastChangeTime"},
        {5, COLUMN_GAUGE, offsetof(struct flat_summary, problems), "portcullisActiveProblems"},
        {6, COLUMN_GAUGE, offsetof(struct flat_summary, flows), "portcullisFlows"},
        {7, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_CONFORMANT]), "portcullisFlowsConformant"},
        {8, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_PARTIAL]), "portcullisFlowsPartial"},
        {9, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_BLOCKED]), "portcullisFlowsBlocked"},
        {10, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_INDETERMINATE]), "portcullisFlowsIndeterminate"},
        {11, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_UNKNOWN]), "portcullisFlowsUnknown"},
        {12, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_MISDIRECTED]), "portcullisFlowsMisdirected"},
        {13, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_WAIVED]), "portcullisFlowsWaived"},
        {14, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_UNBOUND]), "portcullisFlowsUnbound"},
        {15, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_NOT_TRANSIT]), "portcullisFlowsNotTransit"},
        {16, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_NEEDS_RANGE]), "portcullisFlowsNeedsRange"},
        {17, COLUMN_GAUGE, offsetof(struct flat_summary, count[VERDICT_NO_COMMON_FAMILY]),
                "portcullisFlowsNoCommonFamily"},
        {18, COLUMN_GAUGE, offsetof(struct flat_summary, openings), "portcullisOpenings"},
        {19, COLUMN_GAUGE, offsetof(struct flat_summary, openings_unacknowledged), "portcullisOpeningsUnacknowledged"},
        {20, COLUMN_TRUTH, offsetof(struct flat_summary, readable), "portcullisRulesetReadable"},
        {21, COLUMN_TEXT, offsetof(struct flat_summary, unreadable), "portcullisRulesetReason"},
        {22, COLUMN_TEXT, offsetof(struct flat_summary, digest), "portcullisRulesetDigest"},
        {23, COLUMN_GAUGE, offsetof(struct flat_summary, ruleset_generation), "portcullisRulesetGeneration"},
        {24, COLUMN_GAUGE, offsetof(struct flat_summary, rules), "portcullisRules"},
        {25, COLUMN_GAUGE, offsetof(struct flat_summary, rules_undecoded), "portcullisRulesUndecoded"},
        {26, COLUMN_STAMP, offsetof(struct flat_summary, verified_ms), "portcullisLastVerify"},
        {27, COLUMN_DATE, offsetof(struct flat_summary, verified_wall), "portcullisLastVerifyTime"},
        {28, COLUMN_AGE, offsetof(struct flat_summary, sure_ms), "portcullisDataAge"},
        {29, COLUMN_GAUGE, offsetof(struct flat_summary, verify_us), "portcullisVerifyDuration"},
        {30, COLUMN_STAMP, offsetof(struct flat_summary, started_ms), "portcullisDiscontinuityTime"},
        {31, COLUMN_TEXT, offsetof(struct flat_summary, catalog), "portcullisCatalogVersion"},
        {32, COLUMN_TEXT, offsetof(struct flat_summary, version), "portcullisAgentVersion"},
        {33, COLUMN_GAUGE, offsetof(struct flat_summary, oldest_sequence), "portcullisOldestSequence"},
        {34, COLUMN_GAUGE, offsetof(struct flat_summary, newest_sequence), "portcullisNewestSequence"},
        {35, COLUMN_TRUTH, offsetof(struct flat_summary, writable), "portcullisJournalWritable"},
        {36, COLUMN_TEXT, offsetof(struct flat_summary, unwritable), "portcullisJournalReason"},
        {37, COLUMN_COUNTER, offsetof(struct flat_summary, unkept), "portcullisJournalUnkept"},
        {38, COLUMN_ENUM, offsetof(struct flat_summary, mode), "portcullisFirewallMode"},
        {39, COLUMN_TRUTH, offsetof(struct flat_summary, deviates), "portcullisFirewallDeviates"},
        {40, COLUMN_TEXT, offsetof(struct flat_summary, deviation), "portcullisFirewallReason"},
        {41, COLUMN_TRUTH, offsetof(struct flat_summary, available), "portcullisFirewallAvailable"},
        {42, COLUMN_DATE, offsetof(struct flat_summary, paused_until), "portcullisFirewallPausedUntil"},
        {43, COLUMN_TEXT, offsetof(struct flat_summary, pause_reason), "portcullisFirewallPauseReason"},
        {44, COLUMN_STAMP, offsetof(struct flat_summary, tables_changed_ms), "portcullisTablesLastChange"},
};

static const struct column product_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_product, name), "portcullisProductName"},
        {3, COLUMN_TEXT, offsetof(struct flat_product, title), "portcullisProductTitle"},
        {4, COLUMN_TEXT, offsetof(struct flat_product, version), "portcullisProductVersion"},
        {5, COLUMN_TEXT, offsetof(struct flat_product, digest), "portcullisProductDigest"},
        {6, COLUMN_GAUGE, offsetof(struct flat_product, roles), "portcullisProductRoles"},
        {7, COLUMN_GAUGE, offsetof(struct flat_product, requirements), "portcullisProductRequirements"},
        {8, COLUMN_GAUGE, offsetof(struct flat_product, errata), "portcullisProductErrata"},
        {9, COLUMN_TEXT, offsetof(struct flat_product, documents), "portcullisProductDocuments"},
};

static const struct column role_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_role, label), "portcullisRoleLabel"},
        {3, COLUMN_TEXT, offsetof(struct flat_role, name), "portcullisRoleName"},
        {4, COLUMN_TEXT, offsetof(struct flat_role, title), "portcullisRoleTitle"},
        {5, COLUMN_ENUM, offsetof(struct flat_role, kind), "portcullisRoleKind"},
        {6, COLUMN_TEXT, offsetof(struct flat_role, includes), "portcullisRoleIncludes"},
        {7, COLUMN_TEXT, offsetof(struct flat_role, groups), "portcullisRoleGroups"},
};

static const struct column requirement_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_requirement, label), "portcullisReqLabel"},
        {3, COLUMN_TEXT, offsetof(struct flat_requirement, listener), "portcullisReqListener"},
        {4, COLUMN_TEXT, offsetof(struct flat_requirement, initiators), "portcullisReqInitiators"},
        {5, COLUMN_ENUM, offsetof(struct flat_requirement, basis), "portcullisReqBasis"},
        {6, COLUMN_TEXT, offsetof(struct flat_requirement, service), "portcullisReqService"},
        {7, COLUMN_ENUM, offsetof(struct flat_requirement, reach), "portcullisReqReach"},
        {8, COLUMN_ENUM, offsetof(struct flat_requirement, class), "portcullisReqClass"},
        {9, COLUMN_ENUM, offsetof(struct flat_requirement, interface), "portcullisReqInterface"},
        {10, COLUMN_TEXT, offsetof(struct flat_requirement, condition), "portcullisReqCondition"},
        {11, COLUMN_TRUTH, offsetof(struct flat_requirement, optional), "portcullisReqOptional"},
        {12, COLUMN_TEXT, offsetof(struct flat_requirement, ports), "portcullisReqPorts"},
        {13, COLUMN_GAUGE, offsetof(struct flat_requirement, minimum_ports), "portcullisReqMinimumPorts"},
        {14, COLUMN_ENUM, offsetof(struct flat_requirement, lb_need), "portcullisReqLoadBalancer"},
        {15, COLUMN_TEXT, offsetof(struct flat_requirement, purpose), "portcullisReqPurpose"},
        {16, COLUMN_TEXT, offsetof(struct flat_requirement, source), "portcullisReqSource"},
        {17, COLUMN_TEXT, offsetof(struct flat_requirement, errata), "portcullisReqErrata"},
};

static const struct column deployment_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_deployment, name), "portcullisDeploymentName"},
        {3, COLUMN_TEXT, offsetof(struct flat_deployment, product), "portcullisDeploymentProduct"},
        {4, COLUMN_TEXT, offsetof(struct flat_deployment, version), "portcullisDeploymentVersion"},
        {5, COLUMN_TEXT, offsetof(struct flat_deployment, groups), "portcullisDeploymentGroups"},
        {6, COLUMN_GAUGE, offsetof(struct flat_deployment, flows), "portcullisDeploymentFlows"},
        {7, COLUMN_GAUGE, offsetof(struct flat_deployment, conformant), "portcullisDeploymentConformant"},
        {8, COLUMN_GAUGE, offsetof(struct flat_deployment, violated), "portcullisDeploymentViolated"},
        {9, COLUMN_GAUGE, offsetof(struct flat_deployment, undecided), "portcullisDeploymentUndecided"},
        {10, COLUMN_ENUM, offsetof(struct flat_deployment, severity), "portcullisDeploymentSeverity"},
};

static const struct column group_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_group, name), "portcullisGroupName"},
        {3, COLUMN_TEXT, offsetof(struct flat_group, zone), "portcullisGroupZone"},
        {4, COLUMN_TEXT, offsetof(struct flat_group, addresses), "portcullisGroupAddresses"},
        {5, COLUMN_TEXT, offsetof(struct flat_group, roles), "portcullisGroupRoles"},
        {6, COLUMN_ENUM, offsetof(struct flat_group, lb_kind), "portcullisGroupLoadBalancing"},
        {7, COLUMN_TEXT, offsetof(struct flat_group, virtual_addresses), "portcullisGroupVirtualAddresses"},
};

static const struct column flow_columns[] = {
        {5, COLUMN_TEXT, offsetof(struct flat_flow, label), "portcullisFlowLabel"},
        {6, COLUMN_ENUM, offsetof(struct flat_flow, verdict), "portcullisFlowVerdict"},
        {7, COLUMN_ENUM, offsetof(struct flat_flow, severity), "portcullisFlowSeverity"},
        {8, COLUMN_TEXT, offsetof(struct flat_flow, deployment_name), "portcullisFlowDeployment"},
        {9, COLUMN_TEXT, offsetof(struct flat_flow, requirement_label), "portcullisFlowRequirement"},
        {10, COLUMN_TEXT, offsetof(struct flat_flow, source), "portcullisFlowInitiator"},
        {11, COLUMN_TEXT, offsetof(struct flat_flow, destination), "portcullisFlowListener"},
        {12, COLUMN_TEXT, offsetof(struct flat_flow, transport), "portcullisFlowTransport"},
        {13, COLUMN_TEXT, offsetof(struct flat_flow, ports), "portcullisFlowPorts"},
        {14, COLUMN_TEXT, offsetof(struct flat_flow, source_ports), "portcullisFlowSourcePorts"},
        {15, COLUMN_ENUM, offsetof(struct flat_flow, path), "portcullisFlowPath"},
        {16, COLUMN_STAMP, offsetof(struct flat_flow, changed_ms), "portcullisFlowLastChange"},
        {17, COLUMN_TEXT, offsetof(struct flat_flow, rule), "portcullisFlowRule"},
        {18, COLUMN_TEXT, offsetof(struct flat_flow, witness), "portcullisFlowWitness"},
        {19, COLUMN_TEXT, offsetof(struct flat_flow, conditions), "portcullisFlowConditions"},
        {20, COLUMN_TEXT, offsetof(struct flat_flow, assumed), "portcullisFlowAssumed"},
        {21, COLUMN_TEXT, offsetof(struct flat_flow, reason), "portcullisFlowReason"},
};

static const struct column problem_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_problem, label), "portcullisProblemLabel"},
        {3, COLUMN_ENUM, offsetof(struct flat_problem, severity), "portcullisProblemSeverity"},
        {4, COLUMN_ENUM, offsetof(struct flat_problem, verdict), "portcullisProblemVerdict"},
        {5, COLUMN_GAUGE, offsetof(struct flat_problem, affected), "portcullisProblemAffected"},
        {6, COLUMN_GAUGE, offsetof(struct flat_problem, raised), "portcullisProblemRaised"},
        {7, COLUMN_TEXT, offsetof(struct flat_problem, rule), "portcullisProblemRule"},
        {8, COLUMN_TEXT, offsetof(struct flat_problem, witness), "portcullisProblemWitness"},
        {9, COLUMN_ENUM, offsetof(struct flat_problem, cause), "portcullisProblemCause"},
        {10, COLUMN_TEXT, offsetof(struct flat_problem, author), "portcullisProblemAuthor"},
        {11, COLUMN_GAUGE, offsetof(struct flat_problem, author_pid), "portcullisProblemAuthorPid"},
        {12, COLUMN_STAMP, offsetof(struct flat_problem, since_ms), "portcullisProblemSince"},
        {13, COLUMN_DATE, offsetof(struct flat_problem, since_wall), "portcullisProblemSinceTime"},
};

static const struct column opening_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_opening, label), "portcullisOpeningLabel"},
        {3, COLUMN_TEXT, offsetof(struct flat_opening, family), "portcullisOpeningFamily"},
        {4, COLUMN_TEXT, offsetof(struct flat_opening, transport), "portcullisOpeningTransport"},
        {5, COLUMN_TEXT, offsetof(struct flat_opening, listener), "portcullisOpeningListener"},
        {6, COLUMN_TEXT, offsetof(struct flat_opening, source), "portcullisOpeningSource"},
        {7, COLUMN_TEXT, offsetof(struct flat_opening, destination), "portcullisOpeningDestination"},
        {8, COLUMN_TEXT, offsetof(struct flat_opening, source_ports), "portcullisOpeningSourcePorts"},
        {9, COLUMN_TEXT, offsetof(struct flat_opening, ports), "portcullisOpeningPorts"},
        {10, COLUMN_TEXT, offsetof(struct flat_opening, packets), "portcullisOpeningPackets"},
        {11, COLUMN_TRUTH, offsetof(struct flat_opening, acknowledged), "portcullisOpeningAcknowledged"},
        {12, COLUMN_TEXT, offsetof(struct flat_opening, rule), "portcullisOpeningRule"},
        {13, COLUMN_TEXT, offsetof(struct flat_opening, witness), "portcullisOpeningWitness"},
        {14, COLUMN_TEXT, offsetof(struct flat_opening, iif), "portcullisOpeningInputInterface"},
        {15, COLUMN_TEXT, offsetof(struct flat_opening, oif), "portcullisOpeningOutputInterface"},
};

static const struct column history_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_history, label), "portcullisHistoryLabel"},
        {3, COLUMN_ENUM, offsetof(struct flat_history, kind), "portcullisHistoryKind"},
        {4, COLUMN_DATE, offsetof(struct flat_history, wall), "portcullisHistoryTime"},
        {5, COLUMN_TEXT, offsetof(struct flat_history, flow), "portcullisHistoryFlow"},
        {6, COLUMN_GAUGE, offsetof(struct flat_history, problem), "portcullisHistoryProblem"},
        {7, COLUMN_GAUGE, offsetof(struct flat_history, affected), "portcullisHistoryAffected"},
        {8, COLUMN_ENUM, offsetof(struct flat_history, severity), "portcullisHistorySeverity"},
        {9, COLUMN_ENUM, offsetof(struct flat_history, verdict), "portcullisHistoryVerdict"},
        {10, COLUMN_TEXT, offsetof(struct flat_history, rule), "portcullisHistoryRule"},
        {11, COLUMN_TEXT, offsetof(struct flat_history, witness), "portcullisHistoryWitness"},
        {12, COLUMN_ENUM, offsetof(struct flat_history, cause), "portcullisHistoryCause"},
        {13, COLUMN_TEXT, offsetof(struct flat_history, author), "portcullisHistoryAuthor"},
        {14, COLUMN_GAUGE, offsetof(struct flat_history, author_pid), "portcullisHistoryAuthorPid"},
        {15, COLUMN_ENUM, offsetof(struct flat_history, old_overall), "portcullisHistoryOldOverall"},
        {16, COLUMN_ENUM, offsetof(struct flat_history, new_overall), "portcullisHistoryNewOverall"},
        {17, COLUMN_TEXT, offsetof(struct flat_history, reason), "portcullisHistoryReason"},
};

static const struct column ipsec_columns[] = {
        {2, COLUMN_TEXT, offsetof(struct flat_ipsec, label), "portcullisIpsecLabel"},
        {3, COLUMN_TEXT, offsetof(struct flat_ipsec, direction), "portcullisIpsecDirection"},
        {4, COLUMN_TEXT, offsetof(struct flat_ipsec, source), "portcullisIpsecSource"},
        {5, COLUMN_TEXT, offsetof(struct flat_ipsec, destination), "portcullisIpsecDestination"},
        {6, COLUMN_TEXT, offsetof(struct flat_ipsec, transports), "portcullisIpsecTransports"},
        {7, COLUMN_TEXT, offsetof(struct flat_ipsec, source_ports), "portcullisIpsecSourcePorts"},
        {8, COLUMN_TEXT, offsetof(struct flat_ipsec, ports), "portcullisIpsecPorts"},
        {9, COLUMN_ENUM, offsetof(struct flat_ipsec, state), "portcullisIpsecState"},
        {10, COLUMN_TRUTH, offsetof(struct flat_ipsec, advisory), "portcullisIpsecAdvisory"},
        {11, COLUMN_TEXT, offsetof(struct flat_ipsec, policy), "portcullisIpsecPolicy"},
        {12, COLUMN_TEXT, offsetof(struct flat_ipsec, witness), "portcullisIpsecWitness"},
        {13, COLUMN_TEXT, offsetof(struct flat_ipsec, reason), "portcullisIpsecReason"},
};

static const struct column notify_columns[] = {
        {1, COLUMN_COUNTER, offsetof(struct notify_row, sent), "portcullisNotifySent"},
        {2, COLUMN_COUNTER, offsetof(struct notify_row, suppressed), "portcullisNotifySuppressed"},
        {3, COLUMN_GAUGE, offsetof(struct notify_row, waiting), "portcullisNotifyWaiting"},
        {4, COLUMN_GAUGE, offsetof(struct notify_row, last_sequence), "portcullisNotifyLastSequence"},
        {5, COLUMN_TRUTH, offsetof(struct notify_row, enable), "portcullisNotifyEnable"},
        {6, COLUMN_GAUGE, offsetof(struct notify_row, hold_down), "portcullisNotifyHoldDown"},
        {7, COLUMN_GAUGE, offsetof(struct notify_row, minimum_interval), "portcullisNotifyMinimumInterval"},
        {8, COLUMN_TRUTH, offsetof(struct notify_row, per_flow), "portcullisNotifyPerFlow"},
};

static const struct column rule_columns[] = {
        {2, COLUMN_STRING, offsetof(struct rule_row, name), "portcullisRuleName"},
        {3, COLUMN_GAUGE, offsetof(struct rule_row, position), "portcullisRulePosition"},
        {4, COLUMN_ENUM, offsetof(struct rule_row, path), "portcullisRulePath"},
        {5, COLUMN_ENUM, offsetof(struct rule_row, action), "portcullisRuleAction"},
        {6, COLUMN_COUNTER64, offsetof(struct rule_row, packets), "portcullisRulePackets"},
        {7, COLUMN_COUNTER64, offsetof(struct rule_row, octets), "portcullisRuleOctets"},
        {8, COLUMN_DATE, offsetof(struct rule_row, since), "portcullisRuleSince"},
        {9, COLUMN_DATE, offsetof(struct rule_row, counted), "portcullisRuleCounted"},
        {10, COLUMN_STRING, offsetof(struct rule_row, comment), "portcullisRuleComment"},
};

static const struct column control_columns[] = {
        {1, COLUMN_LOCK, offsetof(struct control_row, lock), "portcullisControlLock"},
        {2, COLUMN_ENUM, offsetof(struct control_row, verify), "portcullisControlVerify"},
        {3, COLUMN_ENUM, offsetof(struct control_row, test), "portcullisControlTest"},
};

#define COLUMNS(c) c, sizeof(c) / sizeof((c)[0])

const struct table tables[TABLE_N] = {
        [FLAT_SUMMARY] = {"portcullisSummary", {1, 1}, 2, COLUMNS(summary_columns)},
        [FLAT_PRODUCT] = {"portcullisProductEntry", {1, 2, 1}, 3, COLUMNS(product_columns)},
        [FLAT_ROLE] = {"portcullisRoleEntry", {1, 3, 1}, 3, COLUMNS(role_columns)},
        [FLAT_REQUIREMENT] = {"portcullisReqEntry", {1, 4, 1}, 3, COLUMNS(requirement_columns)},
        [FLAT_DEPLOYMENT] = {"portcullisDeploymentEntry", {1, 5, 1, 1}, 4, COLUMNS(deployment_columns)},
        [FLAT_GROUP] = {"portcullisGroupEntry", {1, 5, 2, 1}, 4, COLUMNS(group_columns)},
        [FLAT_FLOW] = {"portcullisFlowEntry", {1, 6, 1}, 3, COLUMNS(flow_columns)},
        [FLAT_PROBLEM] = {"portcullisProblemEntry", {1, 7, 1}, 3, COLUMNS(problem_columns)},
        [FLAT_OPENING] = {"portcullisOpeningEntry", {1, 8, 1}, 3, COLUMNS(opening_columns)},
        [FLAT_HISTORY] = {"portcullisHistoryEntry", {1, 9, 1}, 3, COLUMNS(history_columns)},
        [FLAT_IPSEC] = {"portcullisIpsecEntry", {1, 12, 1}, 3, COLUMNS(ipsec_columns)},
        [TABLE_NOTIFY] = {"portcullisNotify", {1, 10}, 2, COLUMNS(notify_columns)},
        [TABLE_RULE] = {"portcullisRuleEntry", {1, 13, 1}, 3, COLUMNS(rule_columns)},
        [TABLE_CONTROL] = {"portcullisControl", {1, 14}, 2, COLUMNS(control_columns)},
};

enum set_object table_settable(size_t table, uint32_t column)
{
	static const struct {
		size_t table;
		uint32_t column;
		enum set_object object;
	} settable[] = {
	        {TABLE_NOTIFY, 5, SET_ENABLE},
	        {TABLE_NOTIFY, 6, SET_HOLD_DOWN},
	        {TABLE_NOTIFY, 7, SET_MINIMUM_INTERVAL},
	        {TABLE_NOTIFY, 8, SET_PER_FLOW},
	        {TABLE_CONTROL, 1, SET_LOCK},
	        {TABLE_CONTROL, 2, SET_VERIFY},
	        {TABLE_CONTROL, 3, SET_TEST},
	};

	for (size_t i = 0; i < sizeof(settable) / sizeof(settable[0]); i++)
		if (settable[i].table == table && settable[i].column == column)
			return settable[i].object;
	return SET_NOTHING;
}
