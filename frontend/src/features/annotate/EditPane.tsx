import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Textarea } from "@mantine/core";

import classes from "./WritingPane.module.css";

interface Props {
  /** The letter of the winner. */
  name: string;
  text: string;
  original: string;
  onChange: (text: string) => void;
  onSubmit: () => void;
  onClose: () => void;
}

/** The winner as it should have been, beneath the text it starts from. */
export function EditPane({ name, text, original, onChange, onSubmit, onClose }: Props) {
  return (
    <div className={classes.edit}>
      <Textarea
        label={t`${name} as it should have been`}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            onSubmit();
          }
        }}
        autosize
        minRows={4}
        autoFocus
        dir="auto"
        classNames={{ input: classes.input ?? "" }}
      />
      <Group gap="xs" mt={8}>
        <Button size="compact-sm" variant="default" disabled={text === original} onClick={() => onChange(original)}>
          <Trans>Start from the original again</Trans>
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onClose}>
          <Trans>Do not edit</Trans>
        </Button>
      </Group>
    </div>
  );
}
