import { InfoCircleOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import { type ReactNode, useState } from "react";

/** A word or sign that explains itself: by mouse, by keyboard and by finger.
 *
 * A press only ever opens: the pointer or the focus that came with it has opened the explanation already, and a press
 * that toggled would close it again. It closes when pointer and focus leave, or with Escape.
 */
export function Explained({ by, className, label, children }: { by: ReactNode; className: string; label?: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Tooltip title={by} open={open} onOpenChange={setOpen} trigger={["hover", "focus"]}>
      <button
        type="button"
        className={className}
        aria-label={label}
        onClick={() => setOpen(true)}
        onKeyDown={({ key }) => key === "Escape" && setOpen(false)}
      >
        {children}
      </button>
    </Tooltip>
  );
}

/** A small “i” that explains the word beside it. */
export function Hint({ label, children }: { label: string; children: ReactNode }) {
  return <Explained by={children} className="hint" label={label}><InfoCircleOutlined aria-hidden /></Explained>;
}
