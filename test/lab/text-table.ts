/** Rows of text as a table for people, the first row its titles; columns of numbers to the right. */
export const textTable = (rows: readonly (readonly string[])[]): string => {
  const [titles = []] = rows;
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumeric = titles.map((_, column) => rows.slice(1).every((row) => /^[\d./-]*$/.test(row[column] ?? '')));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
