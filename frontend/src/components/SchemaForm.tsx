import { t } from "@lingui/core/macro";
import { Autocomplete, MultiSelect, Select, Switch, TagsInput, TextInput } from "@mantine/core";

import { type Field, type Values } from "@/lib/jsonSchema";
import { isRecord } from "@/lib/shapes";
import { defaultsOf } from "@/lib/jsonSchema";

import { NumberText } from "./NumberText";
import classes from "./SchemaForm.module.css";

/** Choices for fields that name something of this project. */
export interface Sources {
  /** Field name → suggestions; other texts are welcome too. */
  suggestions?: Record<string, readonly string[]>;
  /** Field name → id and title. */
  ids?: Record<string, readonly { id: number; title: string }[]>;
}

interface Props {
  fields: readonly Field[];
  values: Values;
  onChange: (values: Values) => void;
  errors: Record<string, string>;
  sources?: Sources;
  prefix?: string;
}

/** A form drawn from a JSON Schema. */
export function SchemaForm({ fields, values, onChange, errors, sources = {}, prefix = "" }: Props) {
  return (
    <div className={classes.grid}>
      {fields.map((field) => {
        const path = prefix + field.name;
        const set = (value: unknown) => onChange({ ...values, [field.name]: value });
        if (field.type === "group") {
          return (
            <Group
              key={path}
              field={field}
              value={values[field.name]}
              onChange={set}
              errors={errors}
              sources={sources}
              path={path}
            />
          );
        }
        return (
          <FieldInput
            key={path}
            field={field}
            value={values[field.name]}
            onChange={set}
            error={errors[path]}
            sources={sources}
          />
        );
      })}
    </div>
  );
}

interface GroupProps {
  field: Extract<Field, { type: "group" }>;
  value: unknown;
  onChange: (value: unknown) => void;
  errors: Record<string, string>;
  sources: Sources;
  path: string;
}

function Group({ field, value, onChange, errors, sources, path }: GroupProps) {
  const open = isRecord(value);
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{field.label}</legend>
      {field.optional ? (
        <Switch
          label={t`Use ${field.label}`}
          description={inItsOrder(field.description)}
          checked={open}
          onChange={(event) => onChange(event.currentTarget.checked ? defaultsOf(field.fields) : null)}
          mb={open ? "sm" : 0}
        />
      ) : field.description ? (
        <p className={classes.description}>{inItsOrder(field.description)}</p>
      ) : null}
      {open ? (
        <SchemaForm fields={field.fields} values={value} onChange={onChange} errors={errors} sources={sources} prefix={`${path}.`} />
      ) : null}
    </fieldset>
  );
}

interface InputProps {
  field: Exclude<Field, { type: "group" }>;
  value: unknown;
  onChange: (value: unknown) => void;
  error: string | undefined;
  sources: Sources;
}

function FieldInput({ field, value, onChange, error, sources }: InputProps) {
  const common = { label: field.label, description: inItsOrder(field.description), error, required: field.required };
  const ids = sources.ids?.[field.name];
  if (ids) {
    return (
      <Select
        {...common}
        searchable
        data={ids.map(({ id, title }) => ({ value: String(id), label: title }))}
        value={typeof value === "number" ? String(value) : null}
        onChange={(chosen) => onChange(chosen === null ? null : Number(chosen))}
        nothingFoundMessage={t`There is none yet.`}
        clearable={!field.required}
      />
    );
  }
  const suggestions = sources.suggestions?.[field.name];
  if (suggestions && field.type === "texts") {
    return <TagsInput {...common} data={[...suggestions]} value={Array.isArray(value) ? value.map(String) : []} onChange={onChange} />;
  }
  if (suggestions) {
    return <Autocomplete {...common} data={[...suggestions]} value={asText(value)} onChange={(next) => onChange(next || null)} />;
  }
  switch (field.type) {
    case "number":
      return <NumberText {...common} value={value} onChange={onChange} />;
    case "switch":
      return (
        <Switch
          label={field.label}
          description={inItsOrder(field.description)}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
          className={classes.switch}
        />
      );
    case "choice":
      return (
        <Select
          {...common}
          data={field.options}
          value={typeof value === "string" ? value : null}
          onChange={onChange}
          allowDeselect={field.nullable}
        />
      );
    case "choices":
      return <MultiSelect {...common} data={field.options} value={Array.isArray(value) ? value.map(String) : []} onChange={onChange} />;
    case "texts":
      return <TagsInput {...common} value={Array.isArray(value) ? value.map(String) : []} onChange={onChange} />;
    case "text":
      return (
        <TextInput
          {...common}
          value={asText(value)}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
      );
  }
}

/** Sentences of the server, which may run the other way than the page. */
const inItsOrder = (sentence: string | null) => (sentence ? <bdi>{sentence}</bdi> : null);

const asText = (value: unknown): string => (typeof value === "string" ? value : "");
