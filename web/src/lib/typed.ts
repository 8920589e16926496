/** A number as an input method may leave it: full-width digits, point and sign are what they look like. */
export function narrow(text: string | undefined): number {
  const plain = (text ?? "").replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0));
  return plain.replace(/[,\s\u3000]/g, "") as unknown as number; // the field itself reads what is still being typed, such as "1."
}
