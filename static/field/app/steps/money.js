// Money as it is shown.

/** Fen -> ¥1,280.00. */
export const money = (fen) => `${fen < 0 ? "-" : ""}¥${(Math.abs(fen) / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

/** What was typed as an amount -> fen, null for what is none: 145.5, 1,280, ￥145.50, １２８０元. */
export function amountIn(text) {
  const plain = String(text).normalize("NFKC").replace(/[\s¥元]/g, "");
  const tidy = /^\d{1,3}(,\d{3})+(\.\d{1,2})?$/.test(plain) ? plain.replaceAll(",", "") : plain;
  return /^\d{1,8}(\.\d{1,2})?$/.test(tidy) ? Math.round(Number(tidy) * 100) : null;
}
