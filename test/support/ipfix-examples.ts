/** The worked examples of the protocol's description: whole messages, every octet explained there. */
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');

/** `OPTIONS sip:b SIP/2.0` and an empty line. */
export const SIP = Buffer.from('OPTIONS sip:b SIP/2.0\r\n\r\n', 'latin1');
const SIP_HEX = SIP.toString('hex');
/** 192.0.2.1:5060 → 198.51.100.2:5062. */
const DATAGRAM = `450000350001000040118e80c0000201c6336402 13c413c60021465d ${SIP_HEX}`;

/** Captured from an SBC with software ECZ7.3.0: offers everything but error and compression. */
export const CONNECT = hex(`
  000a0030 59413738 00000000 00000000 01000020
  0001 0002 00fc 7731 0000 001e 00000000 435a 07 03 00 06 65637a373330`);
/** What an answer to it looks like that wants SIP only. */
export const CONNECT_ANSWER = hex(`
  000a0030 59413738 00000000 00000000 01010020
  0001 0002 0000 0000 0000 001e 00000000 435a 07 03 00 06 65637a373330`);
/** Host "sbc1", offers RTP quality only. */
export const CONNECT_SMALL = hex(
  '000a002e 65000000 00000000 00000000 0100001e 0001 0002 0004 0000 0000 001e 00000000 435a 070300 04 73626331',
);
export const KEEPALIVE = hex('000a0014 65000002 00000005 00000000 0000 0004');
export const UDP_IN = hex(`
  000a0058 65000001 00000001 00000000 | 01020048 | 65000000 0007a120 00 01 0064 | ff 0035 ${DATAGRAM}`);
export const UDP_IN_SHORT_LENGTH = hex(`
  000a0056 65000001 00000001 00000000 | 01020046 | 65000000 0007a120 00 01 0064 | 35 ${DATAGRAM}`);
export const UDP_OUT = hex(`
  000a005c 65000001 00000002 00000000 | 0103004c | 65000000 0007a120 01 00 0000 | 03 784031 | ff 0035 ${DATAGRAM}`);
/** 192.0.2.1:40000 → 198.51.100.2:5060, context 7. */
export const TCP_IN = hex(`
  000a004c 65000001 00000003 00000000 | 0104003c | 65000000 0007a120 00 00 0000 |
  c6336402 c0000201 13c4 9c40 00000007 | ff 0019 | ${SIP_HEX}`);
/** 198.51.100.2:40001 → 203.0.113.9:5060, context 8. */
export const TCP_OUT = hex(`
  000a0050 65000001 00000004 00000000 | 01050040 | 65000000 0007a120 00 00 0000 |
  cb007109 c6336402 13c4 9c41 00000008 | 03 784031 | ff 0019 | ${SIP_HEX}`);
/** 2001:db8::1 → 2001:db8::2, both 5060. */
export const UDP6_IN = hex(`
  000a006c 65000002 00000006 00000000 | 0102005c | 65000000 0007a120 00 00 0000 | ff 0049 |
  6000000000211140 20010db8000000000000000000000001 20010db8000000000000000000000002 13c413c40021d721 | ${SIP_HEX}`);
export const QOS = hex(`
  000a00e9 6500003d 00000007 00000000 | 010c00d9 |
  0002a300 000003e8 00000003 0000000c 00000028 000007d0 00000014 00000000 0000000a 0000001e 0000000f 00000019 00002468 000001b9
  0002a300 000003e8 00000000 00000008 0000001e 000007d0 00000014 00000000 00000009 0000001c 0000000e 00000016 00002468 000001b9
  08
  c0000201 c6336401 2710 4e20   cb007101 cb007109 4e22 7530   c6336401 c0000201 4e20 2710   cb007109 cb007101 7530 4e22
  00 00 0000   00 01 0000   65000000 00000000   6500003c 00000000
  ff 0006 616363657373   ff 0004 636f7265   ff 0003 784031   ff 0003 794032`);

/** Time of all SIP examples. */
export const SIGHTED_US = 0x65000000 * 1e6 + 500_000;

/** Where the record of the first set of a message begins. */
export const RECORD = 20;

/** A message around sets; each set as id and record. */
export function messageOf(...sets: readonly (readonly [id: number, record: Buffer])[]): Buffer {
  const body = Buffer.concat(
    sets.map(([id, record]) => {
      const header = Buffer.alloc(4);
      header.writeUInt16BE(id, 0);
      header.writeUInt16BE(4 + record.length, 2);
      return Buffer.concat([header, record]);
    }),
  );
  const header = Buffer.from('000a0000650000000000000000000000', 'hex');
  header.writeUInt16BE(16 + body.length, 2);
  return Buffer.concat([header, body]);
}
