using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Health;

public sealed class HookMonitorTests
{
    private readonly ManualClock time = new();
    private readonly RecordedAlarms alarms = new();
    private readonly ScriptedPolicies policies = new();

    [Fact]
    public async Task Policy_without_complexity_or_such_as_cannot_be_read_raises_an_alarm_until_it_is_over()
    {
        using var stop = new CancellationTokenSource();
        policies.Without = ["The password policy of domain 'DC=a'"];
        var run = new HookMonitor(policies, TimeSpan.FromMinutes(1), alarms, time, NullLogger<HookMonitor>.Instance).RunAsync(stop.Token);

        await NextLookAsync();
        alarms.Standing.ShouldHaveSingleItem().Sentence.ShouldContain("The password policy of domain 'DC=a'");
        await NextLookAsync();
        alarms.All.Count.ShouldBe(1);
        policies.Fails = true;
        await NextLookAsync();
        alarms.Standing.Count().ShouldBe(1);
        policies.Fails = false;
        policies.Without = [];
        await NextLookAsync();
        alarms.Standing.ShouldBeEmpty();

        // None of the fine-grained ones can be read: that says nothing about them.
        policies.SeesFineGrained = false;
        await NextLookAsync();
        alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.PoliciesHidden>().Sentence.ShouldContain("may not read the fine-grained password policies");
        await NextLookAsync();
        alarms.All.Count.ShouldBe(2);
        policies.SeesFineGrained = true;
        await NextLookAsync();
        alarms.Standing.ShouldBeEmpty();

        await stop.CancelAsync();
        await run;

        // The look before the pause that this ends has been drawn its conclusions from.
        async Task NextLookAsync()
        {
            var looks = policies.Looks;
            while (policies.Looks == looks || time.ArmedTimers == 0)
            {
                if (time.ArmedTimers > 0) time.Advance(TimeSpan.FromMinutes(1));
                await Task.Yield();
            }
        }
    }

    private sealed class ScriptedPolicies : IPasswordPolicies
    {
        private int looks;

        public ImmutableArray<string> Without { get; set; } = [];

        public bool SeesFineGrained { get; set; } = true;

        public bool Fails { get; set; }

        public int Looks => Volatile.Read(ref looks);

        public Task<ComplexityFinding> FindWithoutComplexityAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref looks);
            return Fails ? throw new DirectoryUnavailableException("Connection refused.", null) : Task.FromResult(new ComplexityFinding(Without, SeesFineGrained));
        }
    }
}
