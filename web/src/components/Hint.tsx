import { InfoCircleOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";

/** A small “i” that explains the word beside it, by mouse and by keyboard. */
export function Hint({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Tooltip title={children} trigger={["hover", "focus", "click"]}>
      <button type="button" className="hint" aria-label={label}>
        <InfoCircleOutlined aria-hidden />
      </button>
    </Tooltip>
  );
}
