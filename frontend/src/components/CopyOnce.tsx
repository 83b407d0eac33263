import { t } from "@lingui/core/macro";
import { Button, CopyButton, Group, TextInput } from "@mantine/core";

interface Props {
  label: string;
  value: string;
  description: string;
}

/** Something to take along: a link, a secret. */
export function CopyOnce({ label, value, description }: Props) {
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <TextInput
        label={label}
        description={description}
        readOnly
        value={value}
        classNames={{ input: "mono" }}
        style={{ flex: 1, minWidth: 0 }}
        inputWrapperOrder={["label", "description", "input"]}
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            {copied ? t`Copied` : t`Copy`}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
