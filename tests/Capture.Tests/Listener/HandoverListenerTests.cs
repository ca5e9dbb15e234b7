using PasswordSync.Capture.Health;
using PasswordSync.Capture.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Listener;

public sealed class HandoverListenerTests : IAsyncLifetime
{
    private readonly ListenerFixture edge = new();

    public async ValueTask InitializeAsync() => await edge.ListenAsync();

    public ValueTask DisposeAsync() => edge.DisposeAsync();

    [Fact]
    public async Task Capture_is_acknowledged_when_it_is_flushed_and_observed()
    {
        var flushed = false;
        edge.Files.BeforeDisk = what => flushed |= what == "flush";
        var envelope = TestEnvelopes.Seal("ann", edge.Time.GetUtcNow());

        (await edge.SendAsync(envelope)).ShouldBe(0x06);

        flushed.ShouldBeTrue();
        var observed = edge.Observed.ShouldHaveSingleItem();
        observed.AccountName.ShouldBe("ann");
        edge.Spool.Spool.Read(observed.CaptureId).ShouldBe(envelope);
    }

    [Fact]
    public async Task Capture_is_not_acknowledged_before_the_flush()
    {
        using var inFlush = new SemaphoreSlim(0);
        using var mayFlush = new SemaphoreSlim(0);
        edge.Files.BeforeDisk = what =>
        {
            if (what != "flush") return;
            inFlush.Release();
            mayFlush.Wait();
        };
        var answer = edge.SendAsync(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()));

        await inFlush.WaitAsync();
        answer.IsCompleted.ShouldBeFalse();
        edge.Observed.ShouldBeEmpty();
        edge.Files.BeforeDisk = _ => { };
        mayFlush.Release(10);

        (await answer).ShouldBe(0x06);
    }

    [Fact]
    public async Task Repeat_is_acknowledged_and_observed_once()
    {
        var envelope = TestEnvelopes.Seal("ann", edge.Time.GetUtcNow());
        (await edge.SendAsync(envelope)).ShouldBe(0x06);
        (await edge.SendAsync(envelope)).ShouldBe(0x06);
        edge.Observed.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Many_connections_at_once_are_all_acknowledged()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => edge.SendAsync(TestEnvelopes.Seal($"user{n}", edge.Time.GetUtcNow()))));
        answers.ShouldAllBe(answer => answer == 0x06);
        edge.Observed.Count.ShouldBe(200);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4_097u)]
    [InlineData(uint.MaxValue)]
    public async Task Frame_of_a_forbidden_length_is_refused(uint length) => (await edge.SendAsync([], length)).ShouldBe(0x15);

    [Fact]
    public async Task What_is_no_envelope_is_refused_with_an_alarm()
    {
        (await edge.SendAsync([1, 2, 3])).ShouldBe(0x15);
        edge.Spool.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.CaptureMalformed>();
    }

    [Fact]
    public async Task Envelope_of_another_source_is_refused()
    {
        (await edge.SendAsync(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow(), source: "beta.test"))).ShouldBe(0x15);
        edge.Spool.Held.ShouldBeEmpty();
    }

    [Fact]
    public async Task Capture_that_the_disk_refuses_is_refused()
    {
        edge.Files.BeforeDisk = _ => throw new IOException("No space left on device.");
        (await edge.SendAsync(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()))).ShouldBe(0x15);
        edge.Observed.ShouldBeEmpty();
    }

    [Fact]
    public async Task Silent_connection_is_closed_after_its_time_and_others_are_served_meanwhile()
    {
        await using var silent = await edge.ConnectAsync();
        (await edge.SendAsync(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()))).ShouldBe(0x06);
        var answer = ListenerFixture.AnswerAsync(silent);
        while (!answer.IsCompleted)
        {
            edge.Time.Advance(edge.Options.ConnectionTimeout);
            await Task.Yield();
        }

        (await answer).ShouldBe(-1);
    }

    [Fact]
    public async Task Connection_over_the_bound_is_closed_unread()
    {
        await using var small = new ListenerFixture(options => options with { ConnectionsMax = 1 });
        await small.ListenAsync();
        await using var first = await small.ConnectAsync();
        await using var second = await small.ConnectAsync();
        (await ListenerFixture.AnswerAsync(second)).ShouldBe(-1);
        (await ListenerFixture.SendAsync(first, TestEnvelopes.Seal("ann", small.Time.GetUtcNow()))).ShouldBe(0x06);
    }

    [Fact]
    public void Socket_is_for_owner_and_group_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        File.GetUnixFileMode(edge.Options.Socket).ShouldBe(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
    }
}
