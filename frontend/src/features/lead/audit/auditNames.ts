import { t } from "@lingui/core/macro";

import { ROLES_IN_TEXT, STAGES_IN_TEXT } from "@/lib/names";
import { ARM_WORDS } from "@/lib/words";

import { RULES } from "../held/holdWords";
import { ACTION_WORDS, MEASURE_WORDS } from "../quality/ruleWords";

/** What somebody did something to, by the code the log has for it. */
export const OBJECT_WORDS: Record<string, string> = {
  get project() { return t`Project`; },
  get membership() { return t`Member`; },
  get invitation() { return t`Invitation`; },
  get team() { return t`Team`; },
  get annotator() { return t`Annotator`; },
  get protocolversion() { return t`Protocol version`; },
  get guidelineversion() { return t`Guidelines version`; },
  get task() { return t`Task`; },
  get assignment() { return t`Lease`; },
  get judgment() { return t`Judgment`; },
  get hold() { return t`Held task`; },
  get batch() { return t`Batch`; },
  get qualityrule() { return t`Quality rule`; },
  get importjob() { return t`Import`; },
  get webhook() { return t`Webhook`; },
  get consent() { return t`Consent`; },
  get payrate() { return t`Pay rate`; },
  get completioncode() { return t`Completion code`; },
  get snapshot() { return t`Snapshot`; },
  get run() { return t`Run`; },
  get round() { return t`Round`; },
  get rounddefaults() { return t`Round settings`; },
  get modelversion() { return t`Model`; },
};

/** What a detail is called. One that is not here is shown by its code, with spaces. */
export const DETAIL_WORDS: Record<string, string> = {
  get user() { return t`Person`; },
  get person() { return t`Person`; },
  get annotator() { return t`Annotator`; },
  get role() { return t`Role`; },
  get roles() { return t`Roles`; },
  get max_uses() { return t`Uses at most`; },
  get members() { return t`With its members`; },
  get prompts() { return t`With its prompts`; },
  get from() { return t`From`; },
  get name() { return t`Name`; },
  get description() { return t`Description`; },
  get slug() { return t`Address`; },
  get url() { return t`Address`; },
  get number() { return t`Version`; },
  get version() { return t`Version`; },
  get reason() { return t`Reason`; },
  get why() { return t`Why`; },
  get told() { return t`Told`; },
  get message() { return t`Message`; },
  get comment() { return t`Comment`; },
  get error() { return t`Error`; },
  get token() { return t`By the token`; },
  // Tasks and the queue.
  get task() { return t`Task`; },
  get tasks() { return t`Tasks`; },
  get num_tasks() { return t`Tasks`; },
  get batch() { return t`Batch`; },
  get slots() { return t`Judgments asked for`; },
  get priority() { return t`Priority`; },
  get overlap() { return t`Judgments per task`; },
  get overlap_max() { return t`Judgments per task at most`; },
  get confidence() { return t`Confidence to stop at`; },
  get gold_every() { return t`A gold task in every`; },
  get repeat_every() { return t`A repeat in every`; },
  get repeat_after() { return t`Tasks before a repeat`; },
  get caps() { return t`Caps`; },
  get per_day() { return t`A day`; },
  get in_total() { return t`In all`; },
  get batch_percent() { return t`Percent of one batch`; },
  get hold_names() { return t`Hold what names its model`; },
  get hold_errors() { return t`Hold what carries an error`; },
  get hold_cut_off() { return t`Hold what was cut off`; },
  get hold_phrases() { return t`Hold what has these phrases`; },
  get rules() { return t`Rules`; },
  get judged_before() { return t`Judged before version`; },
  get tags() { return t`Tags`; },
  get arms() { return t`Kinds of task`; },
  // Settings of a project.
  get lease_seconds() { return t`Seconds of a lease`; },
  get validation_percent() { return t`Percent for validation`; },
  get test_percent() { return t`Percent for test`; },
  get require_second_factor() { return t`Second factor needed`; },
  get paid_seconds_cap() { return t`Paid seconds of a task at most`; },
  get risk_tags() { return t`Risk tags`; },
  get exposure_cap() { return t`Tasks with risk a day at most`; },
  get break_after_minutes() { return t`Minutes before a break`; },
  get completion() { return t`Completion code`; },
  get protocol() { return t`Protocol`; },
  // What judges are asked.
  get ties() { return t`Ties`; },
  get strength() { return t`By how much`; },
  get both_good() { return t`Both good`; },
  get both_bad() { return t`Both bad`; },
  get cannot_judge() { return t`Cannot judge`; },
  get skip() { return t`Skip`; },
  get criteria() { return t`Criteria`; },
  get reasons() { return t`Reasons`; },
  get spans() { return t`Passages to mark`; },
  get edit() { return t`Edit the winner`; },
  get demonstrations() { return t`Demonstrations`; },
  // Gold tasks and rules.
  get tiers() { return t`Responses, best first`; },
  get verdict() { return t`Verdict`; },
  get feedback() { return t`Shown afterwards`; },
  get measure() { return t`Measure`; },
  get action() { return t`Action`; },
  get threshold() { return t`Threshold`; },
  get min_num() { return t`From this many on`; },
  get is_enabled() { return t`Is on`; },
  get rule() { return t`Rule`; },
  get event() { return t`Event`; },
  get events() { return t`Events`; },
  // Imports, exports, models, pay.
  get filename() { return t`File`; },
  get state() { return t`State`; },
  get dry_run() { return t`Only checked`; },
  get rows() { return t`Rows`; },
  get rows_done() { return t`Rows read`; },
  get num_errors() { return t`Rows left out`; },
  get prompts_created() { return t`New prompts`; },
  get prompts_known() { return t`Known prompts`; },
  get responses_created() { return t`New responses`; },
  get tasks_created() { return t`New tasks`; },
  get judgments_created() { return t`New judgments`; },
  get judgments() { return t`Judgments`; },
  get kind() { return t`Kind`; },
  get format() { return t`Format`; },
  get style() { return t`Style`; },
  get model() { return t`Model`; },
  get stage() { return t`Stage`; },
  get per_hour() { return t`Per hour`; },
  get per_judgment() { return t`Per judgment`; },
  get currency() { return t`Currency`; },
  get valid_until() { return t`Valid until`; },
};

const STATES: Record<string, string> = {
  get succeeded() { return t`succeeded`; },
  get failed() { return t`failed`; },
  get cancelled() { return t`cancelled`; },
};

const VERDICTS: Record<string, string> = {
  get both_good() { return t`Both good`; },
  get both_bad() { return t`Both bad`; },
};

const CODES: Record<string, Readonly<Record<string, string>>> = {
  role: ROLES_IN_TEXT,
  roles: ROLES_IN_TEXT,
  stage: STAGES_IN_TEXT,
  arms: ARM_WORDS,
  measure: MEASURE_WORDS,
  action: ACTION_WORDS,
  state: STATES,
  verdict: VERDICTS,
};

/** What the code of a detail means; codes that people chose, and those of formats, stay. */
export function codeInWords(detail: string, code: string): string {
  if (detail === "rules") return RULES.find(({ value }) => value === code)?.label ?? code;
  return CODES[detail]?.[code] ?? code;
}
