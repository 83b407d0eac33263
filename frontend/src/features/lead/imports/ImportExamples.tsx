import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";

import classes from "./Import.module.css";

const EXAMPLES = [
  {
    get words() { return t`Responses to rank: two to nine for each prompt.`; },
    row: '{"prompt": "My kettle arrived broken.", "responses": ["I am sorry. We send a new one today.", "Read the manual."]}',
  },
  { get words() { return t`A prompt alone, for a model to answer.`; }, row: '{"prompt": "How do I descale the coffee machine?", "tags": ["coffee"]}' },
  {
    get words() { return t`A conversation: messages instead of a prompt.`; },
    row: '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "How can I help?"}, {"role": "user", "content": "Where is my order?"}]}',
  },
  {
    get words() { return t`A preference somebody already gave.`; },
    row: '{"prompt": "Where is my order?", "chosen": "It leaves us today.", "rejected": "No idea.", "worker": "w-17"}',
  },
];

export function ImportExamples({ onUse }: { onUse: (row: string) => void }) {
  return EXAMPLES.map(({ words, row }) => (
    <div key={words} className={classes.example}>
      <p>{words}</p>
      <pre>{row}</pre>
      <Button variant="subtle" size="compact-xs" onClick={() => onUse(row)}>
        <Trans>Use this row</Trans>
      </Button>
    </div>
  ));
}
