import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Stage } from './scenario.ts';

const OUTCOMES = ['answered', 'untaken', 'redirected', 'challenged', 'ineffective', 'canceled', 'failed'];

/** Outcomes that were counted, such as `answered=1`. */
function outcomes(stage: Stage): string {
  return OUTCOMES.map((name) => [name, stage.counter(`outcomes.${name}`)] as const)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}

function staged(...lines: string[]): Stage {
  const stage = new Stage();
  for (const line of lines) stage.send(line);
  stage.advance(10_000);
  return stage;
}

const INVITE = '0.0 A>B INVITE/1 f=a';

suite('an INVITE is counted once, as', () => {
  for (const [replies, expected] of [
    [['1.0 B>A 200/1 f=a t=b'], 'answered=1'],
    [['1.0 B>A 180/1 f=a t=b', '2.0 B>A 480/1 f=a t=b'], 'untaken=1'],
    [['1.0 B>A 486/1 f=a t=b'], 'untaken=1'],
    [['1.0 B>A 600/1 f=a t=b'], 'untaken=1'],
    [['1.0 B>A 603/1 f=a t=b'], 'untaken=1'],
    [['1.0 B>A 302/1 f=a t=b'], 'redirected=1'],
    [['1.0 B>A 407/1 f=a t=b'], 'challenged=1'],
    [['1.0 B>A 408/1 f=a t=b'], 'ineffective=1'],
    [['1.0 B>A 503/1 f=a t=b'], 'ineffective=1'],
    [['1.0 B>A 404/1 f=a t=b'], 'failed=1'],
    [['1.0 B>A 487/1 f=a t=b'], 'canceled=1'],
    [[], 'ineffective=1'],
    // Challenged, then answered with credentials: one call, answered.
    [['1.0 B>A 407/1 f=a t=b', '1.1 A>B ACK/1 f=a t=b', '1.2 A>B INVITE/2 f=a', '2.0 B>A 200/2 f=a t=c'], 'answered=1'],
    // Sent again and seen on another hop: still one.
    [['0.5 A>B INVITE/1 f=a', '0.6 B>C INVITE/1 f=a branch=h', '1.0 B>A 486/1 f=a t=b'], 'untaken=1'],
    // Forked: both branches ring, one answers.
    [['1.0 B>A 180/1 f=a t=b', '1.1 B>A 180/1 f=a t=c', '2.0 B>A 200/1 f=a t=c'], 'answered=1'],
  ] as const) {
    test(`${expected} after ${replies.join(', ') || 'nothing'}`, () => {
      assert.equal(outcomes(staged(INVITE, ...replies)), expected);
    });
  }

  test('nothing when it is no INVITE', () => {
    assert.equal(
      outcomes(
        staged(
          '0.0 A>B OPTIONS/1 f=a',
          '1.0 B>A 503/1/OPTIONS f=a t=b',
          '2.0 A>B REGISTER/1 f=r id=r',
          '2.1 B>A 401/1/REGISTER f=r t=x id=r',
        ),
      ),
      '',
    );
  });
});

test('the end of a call is counted with its time, or as lost when nobody said BYE', () => {
  const talk = ['1.0 B>A 200/1 f=a t=b', '1.1 A>B ACK/1 f=a t=b'];
  const ended = staged(INVITE, ...talk, '8.5 A>B BYE/2 f=a t=b', '8.6 B>A 200/2/BYE f=a t=b');
  assert.deepEqual(
    ['ended', 'lost', 'talk_us', 'talk.s_6', 'talk.s_30', 'talk.s_60'].map((name) => ended.counter(`outcomes.${name}`)),
    [1, 0, 7_500_000, 0, 1, 0],
  );
  const lost = staged(INVITE, ...talk);
  assert.deepEqual(
    ['ended', 'lost', 'talk_us'].map((name) => lost.counter(`outcomes.${name}`)),
    [0, 1, 0],
  );
});

test('set-up times are counted up to the first sign of an answer, answered and failed calls apart', () => {
  const stage = staged(
    '0.0 A>B INVITE/1 f=a id=ringing',
    '0.21 B>A 180/1 f=a t=b id=ringing',
    '3.0 B>A 200/1 f=a t=b id=ringing',
    '10.0 A>B INVITE/1 f=a id=direct',
    '10.3 B>A 200/1 f=a t=b id=direct',
    '20.0 A>B INVITE/1 f=a id=busy',
    '20.05 B>A 486/1 f=a t=b id=busy',
    '30.0 A>B INVITE/1 f=a id=slow',
    '55.0 B>A 200/1 f=a t=b id=slow',
  );
  assert.deepEqual(
    ['setup_answered.ms_300', 'setup_answered.more', 'setup_failed.ms_50', 'setup_failed.ms_100'].map((name) =>
      stage.counter(`outcomes.${name}`),
    ),
    [2, 1, 1, 0],
  );
  // 210 ms, 300 ms and 25 s; 50 ms.
  assert.deepEqual(
    ['setup_answered_us', 'setup_failed_us'].map((name) => stage.counter(`outcomes.${name}`)),
    [25_510_000, 50_000],
  );
});

suite('a REGISTER', () => {
  for (const [lines, expected] of [
    // 250 ms from the one with credentials to its 200; the challenge is no failure.
    [
      [
        '0.0 A>B REGISTER/1 f=r',
        '0.1 B>A 401/1/REGISTER f=r t=x',
        '1.0 A>B REGISTER/2 f=r',
        '1.25 B>A 200/2/REGISTER f=r t=y',
      ],
      [1, 250_000, 0],
    ],
    [
      ['0.0 A>B REGISTER/1 f=r', '0.1 B>A 403/1/REGISTER f=r t=x', '0.2 B>A 403/1/REGISTER f=r t=x'],
      [0, 0, 1],
    ],
    [
      ['0.0 A>B REGISTER/1 f=r', '0.1 B>A 423/1/REGISTER f=r t=x'],
      [0, 0, 0],
    ],
    [
      ['0.0 A>B REGISTER/1 f=r', '0.5 A>B REGISTER/1 f=r'],
      [0, 0, 1],
    ],
    // Refreshed under the same Call-ID: each is one.
    [
      [
        '0.0 A>B REGISTER/1 f=r',
        '0.1 B>A 200/1/REGISTER f=r t=x',
        '9.0 A>B REGISTER/2 f=r',
        '9.3 B>A 200/2/REGISTER f=r t=x',
      ],
      [2, 400_000, 0],
    ],
    // Nobody saw the request: how long it took is not known.
    [['0.1 B>A 200/1/REGISTER f=r t=x'], [0, 0, 0]],
  ] as const) {
    test(`counts ${expected.join(', ')} after ${lines.join(', ')}`, () => {
      const stage = staged(...lines);
      assert.deepEqual(
        ['register_answered', 'register_us', 'register_failed'].map((name) => stage.counter(`outcomes.${name}`)),
        expected,
      );
    });
  }
});

test('how long a BYE waits for its 2xx is counted, once, and only when both were seen', () => {
  const talk = [INVITE, '1.0 B>A 200/1 f=a t=b', '1.1 A>B ACK/1 f=a t=b'];
  const byes = (...lines: string[]): number[] => {
    const stage = staged(...talk, ...lines);
    return ['bye_answered', 'bye_us'].map((name) => stage.counter(`outcomes.${name}`));
  };
  const answer = '8.75 B>A 200/2/BYE f=a t=b';
  assert.deepEqual(byes('8.5 A>B BYE/2 f=a t=b', answer, '9.0 B>A 200/2/BYE f=a t=b'), [1, 250_000]);
  assert.deepEqual(byes(answer), [0, 0]);
  assert.deepEqual(byes('8.5 A>B BYE/2 f=a t=b', '8.6 B>A 481/2/BYE f=a t=b'), [0, 0]);
});

test('events that are switched off count all the same', () => {
  const stage = new Stage();
  stage.events.silence(1, true);
  stage.send(INVITE);
  stage.send('1.0 B>A 200/1 f=a t=b');
  assert.deepEqual(stage.newEvents(), []);
  assert.equal(outcomes(stage), 'answered=1');
});
