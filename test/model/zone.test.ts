import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { offsetText, UTC, zoneNamed } from '../../src/model/zone.ts';

const named = (name: string): NonNullable<ReturnType<typeof zoneNamed>> => {
  const zone = zoneNamed(name);
  assert.ok(zone !== undefined, name);
  return zone;
};

suite('a zone says what its clocks are from UTC, as `TZ=… date -d @… +%:z` does:', () => {
  for (const [name, atS, offset] of [
    ['Europe/Berlin', 1_795_255_200, '+01:00'],
    ['Europe/Berlin', 1_792_889_999, '+02:00'],
    ['Europe/Berlin', 1_792_890_000, '+01:00'],
    ['Europe/Berlin', 1_774_745_999, '+01:00'],
    ['Europe/Berlin', 1_774_746_000, '+02:00'],
    ['America/New_York', 1_795_255_200, '-05:00'],
    ['America/St_Johns', 1_792_890_000, '-02:30'],
    ['Asia/Kathmandu', 1_795_255_200, '+05:45'],
    ['Australia/Lord_Howe', 1_759_586_400, '+10:30'],
    ['Australia/Lord_Howe', 1_792_889_999, '+11:00'],
    ['UTC', 1_795_255_200, '+00:00'],
  ] as const) {
    test(`${name} at ${atS} is ${offset}`, () => assert.equal(offsetText(named(name).offsetUs(atS * 1e6)), offset));
  }
});

suite('a time on clocks of Berlin is the instant', () => {
  const seen = (text: string): number => Date.parse(`${text}Z`) * 1000;
  for (const [text, atS, why] of [
    ['2026-07-01T12:00', 1_782_900_000, 'in summer'],
    ['2026-10-25T00:00', 1_792_879_200, 'at the start of the day of 25 hours'],
    ['2026-10-26T00:00', 1_792_969_200, 'at its end'],
    ['2026-10-25T02:30', 1_792_888_200, 'in the hour that comes twice: the first'],
    ['2026-10-25T03:00', 1_792_893_600, 'after it'],
    ['2026-03-29T01:59', 1_774_745_940, 'before the hour that is left out'],
    ['2026-03-29T02:30', 1_774_747_800, 'in it: as if clocks had not been changed, which then show 03:30'],
    ['2026-03-29T03:00', 1_774_746_000, 'after it'],
  ] as const) {
    test(`${atS} for ${text}, ${why}`, () => assert.equal(named('Europe/Berlin').instantUs(seen(text)) / 1e6, atS));
  }
});

test('what clocks show leads back to the instant, but for the second time of an hour that comes twice', () => {
  const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC'];
  const atUs = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1e6);
  fc.assert(
    fc.property(fc.constantFrom(...zones), atUs, (name, us) => {
      const zone = named(name);
      const localUs = us + zone.offsetUs(us);
      const back = zone.instantUs(localUs);
      assert.ok(back <= us && back + zone.offsetUs(back) === localUs);
    }),
  );
});

test('names are taken in any case, UTC is one zone, and what is no zone is none', () => {
  assert.equal(zoneNamed('europe/berlin')?.name, 'Europe/Berlin');
  assert.equal(zoneNamed('utc'), UTC);
  for (const name of [
    '',
    'Nowhere/Land',
    '+01:00',
    'Europe/Berlin\n',
    '../etc/passwd',
    '__proto__',
    'A'.repeat(5000),
  ]) {
    assert.equal(zoneNamed(name), undefined, name.slice(0, 40));
  }
});

test('zones are not remembered without end', () => {
  const first = zoneNamed('Africa/Abidjan');
  for (const name of Intl.supportedValuesOf('timeZone').slice(0, 100)) zoneNamed(name);
  assert.notEqual(zoneNamed('Africa/Abidjan'), first);
});
