// binary-parser 2 carries its types only for require(); these are the parts used here, for import.
declare module 'binary-parser' {
  export class Parser {
    endianess(order: 'big' | 'little'): this;
    uint8(name: string): this;
    uint16(name: string): this;
    uint32(name: string): this;
    int32(name: string): this;
    nest(name: string, options: { type: Parser }): this;
    sizeOf(): number;
    parse(bytes: Uint8Array): unknown;
  }
}
