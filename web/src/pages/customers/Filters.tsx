import { CloseOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { TagDefinition } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { Level } from "../../components/Level";
import { count } from "../../lib/format";
import { type LevelName, LEVELS, type Search } from "./search";

interface Props {
  search: Search;
  change: (change: Partial<Search>) => void;
  tags: TagDefinition[];
}

const NUMBERS = new Set<string>(["number", "money", "share", "days"]);

export function Filters({ search, change, tags }: Props) {
  const { t } = useTranslation();
  const toggle = (level: LevelName) => {
    const chosen = search.level.includes(level) ? search.level.filter((other) => other !== level) : [...search.level, level];
    change({ level: chosen, page: 1 });
  };
  return (
    <>
      <div className="filters">
        <Input.Search
          key={search.q}
          className="search"
          defaultValue={search.q}
          placeholder={t("customers.search")}
          aria-label={t("customers.searchLabel")}
          allowClear
          enterButton={t("customers.find")}
          onSearch={(q) => change({ q: q.trim(), page: 1 })}
        />
        <div className="level-picks" role="group" aria-label={t("customers.level")}>
          {LEVELS.map((level) => (
            <button key={level} type="button" className="pick" aria-pressed={search.level.includes(level)} onClick={() => toggle(level)}>
              <Level level={level === "none" ? null : level} />
            </button>
          ))}
        </div>
        <TagPicker tags={tags} add={(tag) => change({ tag: [...new Set([...search.tag, tag])], page: 1 })} />
      </div>
      <Chips search={search} change={change} tags={tags} />
    </>
  );
}

function TagPicker({ tags, add }: { tags: TagDefinition[]; add: (filter: string) => void }) {
  const { t } = useTranslation();
  const words = useWords();
  const [key, setKey] = useState<string>();
  const tag = tags.find((candidate) => candidate.key === key);
  const families = [...new Set(tags.map(({ family }) => family))];
  const options = families.map((family) => {
    const members = tags.filter((candidate) => candidate.family === family);
    return {
      label: words(members[0]!.family_zh, members[0]!.family_en),
      options: members.map((member) => ({ value: member.key, label: words(member.zh, member.en) })),
    };
  });
  const done = (filter: string) => {
    add(filter);
    setKey(undefined);
  };
  return (
    <>
      <Select
        aria-label={t("customers.chooseTag")}
        placeholder={t("customers.chooseTag")}
        style={{ width: 170 }}
        value={key}
        onChange={setKey}
        options={options}
        showSearch={{ optionFilterProp: "label" }}
        allowClear
      />
      {tag && (NUMBERS.has(tag.kind) ? <RangePicker key={tag.key} tag={tag} done={done} /> : <ValuePicker key={tag.key} tag={tag} done={done} />)}
    </>
  );
}

function ValuePicker({ tag, done }: { tag: TagDefinition; done: (filter: string) => void }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  return (
    <Select
      aria-label={t("customers.chooseValue")}
      placeholder={t("customers.chooseValue")}
      style={{ width: 190 }}
      autoFocus
      showSearch={{ optionFilterProp: "label" }}
      options={tag.values.map((value) => ({ value: value.value, label: `${words(value.zh, value.en)} (${count(value.customers, frame)})` }))}
      onChange={(value: string) => done(`${tag.key}:${value}`)}
    />
  );
}

function RangePicker({ tag, done }: { tag: TagDefinition; done: (filter: string) => void }) {
  const { t } = useTranslation();
  const { exponent } = useFrame();
  const [low, setLow] = useState<number | null>(null);
  const [high, setHigh] = useState<number | null>(null);
  const scale = tag.kind === "money" ? 10 ** exponent : tag.kind === "share" ? 0.01 : 1;
  const bound = (value: number | null) => (value === null ? "" : String(Number((value * scale).toPrecision(12))));
  const suffix = tag.kind === "share" ? "%" : undefined;
  return (
    <>
      <InputNumber aria-label={t("customers.low")} placeholder={t("customers.low")} suffix={suffix} value={low} onChange={setLow} style={{ width: 110 }} />
      <InputNumber aria-label={t("customers.high")} placeholder={t("customers.high")} suffix={suffix} value={high} onChange={setHigh} style={{ width: 110 }} />
      <Button disabled={low === null && high === null} onClick={() => done(`${tag.key}:${bound(low)}..${bound(high)}`)}>{t("customers.add")}</Button>
    </>
  );
}

function Chips({ search, change, tags }: Props) {
  const { t } = useTranslation();
  const words = useWords();
  const { exponent } = useFrame();
  if (!search.q && search.level.length === 0 && search.tag.length === 0) return null;
  const named = (filter: string) => {
    const [key, wanted = ""] = split(filter);
    const tag = tags.find((candidate) => candidate.key === key);
    if (!tag) return filter;
    const name = words(tag.zh, tag.en);
    if (NUMBERS.has(tag.kind)) {
      const scale = tag.kind === "money" ? 10 ** -exponent : tag.kind === "share" ? 100 : 1;
      const [low = "", high = ""] = wanted.split("..").map((bound) => (bound ? String(Number((Number(bound) * scale).toPrecision(6))) : ""));
      return `${name} ${low || "…"} ~ ${high || "…"}${tag.kind === "share" ? " %" : ""}`;
    }
    const values = wanted.split("|").map((value) => {
      const found = tag.values.find((candidate) => candidate.value === value);
      return found ? words(found.zh, found.en) : value;
    });
    return `${name} ${values.join(" / ")}`;
  };
  return (
    <div className="chips">
      {search.q && <Chip name={search.q} remove={() => change({ q: "", page: 1 })} />}
      {search.tag.map((filter) => (
        <Chip key={filter} name={named(filter)} remove={() => change({ tag: search.tag.filter((other) => other !== filter), page: 1 })} />
      ))}
      <Button type="link" size="small" onClick={() => change({ q: "", level: [], tag: [], page: 1 })}>{t("customers.clear")}</Button>
    </div>
  );
}

function Chip({ name, remove }: { name: string; remove: () => void }) {
  const { t } = useTranslation();
  return (
    <span className="chip">
      {name}
      <button type="button" aria-label={t("customers.remove", { name })} onClick={remove}><CloseOutlined aria-hidden style={{ fontSize: 10 }} /></button>
    </span>
  );
}

function split(filter: string): [string, string?] {
  const colon = filter.indexOf(":");
  return colon < 0 ? [filter] : [filter.slice(0, colon), filter.slice(colon + 1)];
}
