import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";

import { ConditionEditor } from "./Conditions";
import { type ConditionKind, type Group, groupOf, type Known, type Mode, newCondition, type Rule, ruleOf } from "./model";

const KINDS: ConditionKind[] = ["tag", "profile", "event", "sequence", "segment", "random", "expression"];
const MODES: Mode[] = ["all", "any", "none"];
const DEEPEST = 5; // deeper groups are possible in a file; nobody reads them on a screen

/** One group of conditions, with groups inside it. */
export function GroupEditor({ group, change, remove, known, depth = 0 }: {
  group: Group;
  change: (group: Group) => void;
  remove?: () => void;
  known: Known;
  depth?: number;
}) {
  const { t } = useTranslation();
  const replace = (index: number, rule: Rule) => change({ ...group, parts: group.parts.map((part, i) => (i === index ? rule : part)) });
  const drop = (index: number) => change({ ...group, parts: group.parts.filter((_, i) => i !== index) });
  const add = (rule: Rule) => change({ ...group, parts: [...group.parts, rule] });
  return (
    <div className="rule-group" role="group" aria-label={t("segments.group")}>
      <div className="rule-head">
        <Select
          aria-label={t("segments.mode")}
          value={group.mode}
          options={MODES.map((value) => ({ value, label: t(`segments.modes.${value}`) }))}
          onChange={(mode) => change({ ...group, mode })}
          style={{ width: 190 }}
        />
        {remove && <Button type="text" icon={<CloseOutlined aria-hidden />} aria-label={t("segments.removeGroup")} onClick={remove} />}
      </div>
      {group.parts.map((part, index) => {
        const inner = groupOf(part);
        return inner ? (
          <GroupEditor key={index} group={inner} change={(next) => replace(index, ruleOf(next))} remove={() => drop(index)} known={known} depth={depth + 1} />
        ) : (
          <div key={index} className="rule-line" role="group" aria-label={t(`segments.kinds.${part.kind}`)}>
            <span className="rule-kind">{t(`segments.kinds.${part.kind}`)}</span>
            <ConditionEditor rule={part} change={(next) => replace(index, next)} known={known} />
            <Button type="text" icon={<CloseOutlined aria-hidden />} aria-label={t("segments.remove")} onClick={() => drop(index)} />
          </div>
        );
      })}
      <div className="rule-add" role="group" aria-label={t("segments.addCondition")}>
        <span className="rule-kind">{t("segments.addCondition")}</span>
        {KINDS.map((kind) => (
          <Button key={kind} size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add(newCondition(kind, known))}>{t(`segments.kinds.${kind}`)}</Button>
        ))}
        {depth < DEEPEST && <Button size="small" type="text" icon={<PlusOutlined aria-hidden />} onClick={() => add({ kind: "any", of: [] })}>{t("segments.addGroup")}</Button>}
      </div>
    </div>
  );
}
