import { t } from "@lingui/core/macro";
import { Select } from "@mantine/core";

interface Props<Value extends string> {
  label: string;
  /** What is shown while nothing is chosen. */
  every: string;
  options: readonly { value: Value; label: string }[];
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
  width?: number;
  searchable?: boolean;
}

const clearing = (label: string): string => {
  const name = label.toLowerCase();
  return t`Clear ${name}`;
};

/** One filter of a list; its value belongs in the address. */
export function FilterSelect<Value extends string>({ label, every, options, value, onChange, width = 170, searchable = false }: Props<Value>) {
  return (
    <Select
      aria-label={label}
      placeholder={every}
      clearable
      clearButtonProps={{ "aria-label": clearing(label) }}
      searchable={searchable}
      w={width}
      data={[...options]}
      value={value ?? null}
      onChange={(next) => onChange(options.find((one) => one.value === next)?.value)}
    />
  );
}
