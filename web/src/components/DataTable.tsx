import { Table, type TableProps } from "antd";

interface Props<Row extends object> extends Pick<TableProps<Row>, "columns" | "rowKey" | "loading" | "onChange"> {
  label: string;
  rows: Row[];
  minWidth: number;
  pageSize?: number;
}

/** A table that scrolls sideways in its own place, by keyboard too, and pages only when it is long. */
export function DataTable<Row extends object>({ label, rows, minWidth, pageSize = 20, ...table }: Props<Row>) {
  return (
    <div className="scroll-x" role="group" aria-label={label} tabIndex={0}>
      <Table<Row>
        {...table}
        dataSource={rows}
        size="middle"
        style={{ minWidth }}
        showSorterTooltip={false}
        pagination={rows.length > pageSize ? { pageSize, showSizeChanger: false } : false}
      />
    </div>
  );
}
