import { t } from "@lingui/core/macro";
import { NumberInput, Select, Switch } from "@mantine/core";

import type { Protocol } from "@/api/types";
import { Panel } from "@/components/Panel";

import { Choices } from "./Choices";
import { Criteria } from "./Criteria";
import classes from "./Protocol.module.css";

interface Props {
  protocol: Protocol;
  /** Keys of criteria that judgments may already name. */
  stored: ReadonlySet<string>;
  onChange: (protocol: Protocol) => void;
}

type Ask = Protocol["edit"];

const ASKS: { value: Ask; label: string }[] = [
  { value: "off", get label() { return t`Not asked`; } },
  { value: "optional", get label() { return t`May be given`; } },
  { value: "required", get label() { return t`Must be given`; } },
];

const FLAGS = [
  { name: "ties", get label() { return t`Ties`; }, get says() { return t`Two responses may share a place.`; } },
  { name: "strength", get label() { return t`Strength`; }, get says() { return t`Slightly, better, or much better.`; } },
  { name: "both_good", get label() { return t`All good`; }, get says() { return t`Instead of a ranking.`; } },
  { name: "both_bad", get label() { return t`All bad`; }, get says() { return t`Instead of a ranking.`; } },
  { name: "cannot_judge", get label() { return t`Cannot judge`; }, get says() { return t`Kept, and counted apart.`; } },
  { name: "skip", get label() { return t`Skip`; }, get says() { return t`The task goes to somebody else.`; } },
] as const;

export function ProtocolForm({ protocol, stored, onChange }: Props) {
  const set = (part: Partial<Protocol>) => onChange({ ...protocol, ...part });
  const { reasons, comment, demonstrations } = protocol;
  return (
    <div className={classes.form}>
      <Panel title={t`Ranking`}>
        <div className={classes.flags}>
          {FLAGS.map(({ name, label, says }) => (
            <Switch
              key={name}
              label={label}
              description={says}
              checked={protocol[name]}
              onChange={(event) => set({ [name]: event.currentTarget.checked })}
            />
          ))}
          <Switch
            label={t`System prompt shown`}
            description={t`Open at first, instead of a click away.`}
            checked={protocol.system_prompt === "shown"}
            onChange={(event) => set({ system_prompt: event.currentTarget.checked ? "shown" : "folded" })}
          />
        </div>
      </Panel>
      <Panel title={t`Criteria`}>
        <Criteria criteria={protocol.criteria} stored={stored} onChange={(criteria) => set({ criteria })} />
      </Panel>
      <Panel title={t`Reasons and comment`}>
        <Choices
          what={t`reason`}
          says={t`Categories that say why, such as “invented facts”.`}
          choices={reasons.choices}
          onChange={(choices) => set({ reasons: { ...reasons, choices } })}
        />
        {reasons.choices.length ? (
          <div className={classes.row}>
            <Switch
              label={t`A reason is required`}
              checked={reasons.required}
              onChange={(event) => set({ reasons: { ...reasons, required: event.currentTarget.checked } })}
            />
            <Count label={t`At least`} min={0} max={50} value={reasons.min} onChange={(min) => set({ reasons: { ...reasons, min } })} />
            <Count label={t`At most`} min={1} max={50} value={reasons.max} onChange={(max) => set({ reasons: { ...reasons, max } })} />
          </div>
        ) : null}
        <div className={classes.row}>
          <AskSelect label={t`Comment in words`} value={comment.ask} onChange={(ask) => set({ comment: { ...comment, ask } })} />
          <Count
            label={t`Characters, at least`}
            min={0}
            max={10_000}
            value={comment.min_length}
            onChange={(min_length) => set({ comment: { ...comment, min_length } })}
          />
        </div>
      </Panel>
      <Panel title={t`Passages and edits`}>
        <Choices
          what={t`label`}
          says={t`Labels for passages that are marked in a response, such as “wrong” or “rude”.`}
          choices={protocol.spans}
          onChange={(spans) => set({ spans })}
        />
        <div className={classes.row}>
          <AskSelect label={t`Edit of the winner`} value={protocol.edit} onChange={(edit) => set({ edit })} />
        </div>
      </Panel>
      <Panel title={t`Skipping and undo`}>
        {protocol.skip ? (
          <>
            <Choices
              what={t`reason to skip`}
              says={t`Without any, the reason is given in words.`}
              choices={protocol.skip_reasons}
              onChange={(skip_reasons) => set({ skip_reasons })}
            />
            <div className={classes.row}>
              <AskSelect label={t`Reason to skip`} value={protocol.skip_reason} onChange={(skip_reason) => set({ skip_reason })} />
            </div>
          </>
        ) : null}
        <div className={classes.row}>
          <Count
            label={t`Seconds to take a judgment back`}
            min={0}
            max={86_400}
            value={protocol.undo_seconds}
            onChange={(undo_seconds) => set({ undo_seconds })}
          />
        </div>
      </Panel>
      <Panel title={t`Writing responses`}>
        <Switch
          label={t`People may be asked to write a response of their own`}
          checked={demonstrations.on}
          onChange={(event) => set({ demonstrations: { ...demonstrations, on: event.currentTarget.checked } })}
        />
        {demonstrations.on ? (
          <div className={classes.row}>
            <Count
              label={t`Characters, at least`}
              min={1}
              max={10_000}
              value={demonstrations.min_length}
              onChange={(min_length) => set({ demonstrations: { ...demonstrations, min_length } })}
            />
          </div>
        ) : null}
      </Panel>
    </div>
  );
}

function AskSelect({ label, value, onChange }: { label: string; value: Ask; onChange: (value: Ask) => void }) {
  return (
    <Select
      label={label}
      w={180}
      allowDeselect={false}
      data={ASKS}
      value={value}
      onChange={(next) => onChange(ASKS.find((one) => one.value === next)?.value ?? value)}
    />
  );
}

interface CountProps {
  label: string;
  min: number;
  max: number;
  value: number;
  onChange: (value: number) => void;
}

function Count({ label, min, max, value, onChange }: CountProps) {
  return (
    <NumberInput
      label={label}
      w={180}
      min={min}
      max={max}
      allowDecimal={false}
      clampBehavior="strict"
      value={value}
      onChange={(next) => (typeof next === "number" ? onChange(next) : undefined)}
    />
  );
}
