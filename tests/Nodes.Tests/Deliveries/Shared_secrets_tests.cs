using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Deliveries;

public sealed class Shared_secrets_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_secret_is_read_once_for_all_who_use_it_at_the_same_time_and_wiped_when_the_last_one_ends()
    {
        await using var one = new DelivererFixture();
        var change = await one.CaptureAsync();
        var reads = 0;
        one.Stores.Trouble = _ =>
        {
            Interlocked.Increment(ref reads);
            return null;
        };

        var uses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => one.Secrets.ReadAsync(change, Token), Token)));
        var secret = uses[0].Reading.ShouldBeOfType<SecretReading.Opened>().Secret;
        foreach (var use in uses[1..]) use.Dispose();
        uses[1].Dispose();

        reads.ShouldBe(1);
        secret.Reveal().ToString().ShouldBe(DelivererFixture.Canary, "one still uses it");
        uses[0].Dispose();
        Should.Throw<ObjectDisposedException>(() => _ = secret.Reveal().Length);
        using var anew = await one.Secrets.ReadAsync(change, Token);
        anew.Reading.ShouldBeOfType<SecretReading.Opened>().Secret.ShouldNotBeSameAs(secret);
        reads.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_failure_is_told_to_all_and_not_kept()
    {
        await using var one = new DelivererFixture();
        var change = await one.CaptureAsync();
        one.Stores.Trouble = _ => MemoryStores.Away;
        await Should.ThrowAsync<Core.Ports.StorageUnavailableException>(() => one.Secrets.ReadAsync(change, Token));

        one.Stores.Trouble = _ => null;
        using var use = await one.Secrets.ReadAsync(change, Token);

        use.Reading.ShouldBeOfType<SecretReading.Opened>();
    }
}
