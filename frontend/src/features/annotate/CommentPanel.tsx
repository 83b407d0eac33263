import { Textarea } from "@mantine/core";

import classes from "./Dock.module.css";

interface Props {
  comment: string;
  onChange: (comment: string) => void;
  onClose: () => void;
}

/** Why one is better, in free text; it is kept with the judgment. */
export function CommentPanel({ comment, onChange, onClose }: Props) {
  return (
    <div className={classes.panel}>
      <Textarea
        aria-label="Reason for this judgment"
        placeholder="What made the difference? Esc goes back to the scale."
        value={comment}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
            event.preventDefault();
            onClose();
          }
        }}
        autosize
        minRows={1}
        maxRows={5}
        maxLength={5000}
        autoFocus
        style={{ flex: 1 }}
      />
    </div>
  );
}
