import { Button } from "@mantine/core";

import classes from "./Import.module.css";

const EXAMPLES = [
  {
    words: "Responses to rank: two to nine for each prompt.",
    row: '{"prompt": "My kettle arrived broken.", "responses": ["I am sorry. We send a new one today.", "Read the manual."]}',
  },
  { words: "A prompt alone, for a model to answer.", row: '{"prompt": "How do I descale the coffee machine?", "tags": ["coffee"]}' },
  {
    words: "A conversation: messages instead of a prompt.",
    row: '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "How can I help?"}, {"role": "user", "content": "Where is my order?"}]}',
  },
  {
    words: "A preference somebody already gave.",
    row: '{"prompt": "Where is my order?", "chosen": "It leaves us today.", "rejected": "No idea.", "worker": "w-17"}',
  },
];

export function ImportExamples({ onUse }: { onUse: (row: string) => void }) {
  return EXAMPLES.map(({ words, row }) => (
    <div key={words} className={classes.example}>
      <p>{words}</p>
      <pre>{row}</pre>
      <Button variant="subtle" size="compact-xs" onClick={() => onUse(row)}>
        Use this row
      </Button>
    </div>
  ));
}
