using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Secrets;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Keys;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The turning of the envelope keys, on a real key ring file: made, published, retired, destroyed.</summary>
public sealed class Key_service_tests : IAsyncLifetime
{
    private const string Passphrase = "a passphrase for tests";
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly KeyRotation Rotation = new(Day * 8) { Interval = Day };
    private readonly ManualClock clock = new();
    private readonly LogLines log = new();
    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-keys-").FullName;
    private KeyRingStore store = null!;
    private KeyExchange exchange = null!;
    private KeyService keys = null!;
    private bool leads = true;
    private Func<string> readPassphrase = () => Passphrase;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = (await KeyRingStore.CreateAsync(Path.Combine(folder, "keys.ring"), "test", Encoding.UTF8.GetBytes(Passphrase), clock.GetUtcNow(), Token)).Store!;
        ValueTask<Secret> ReadAsync(CancellationToken _) => ValueTask.FromResult(Secret.FromCharacters(readPassphrase()));

        // Alone in its cluster, so that there is nobody to connect to.
        exchange = new KeyExchange(store, _ => ValueTask.FromResult(ImmutableArray<Peer>.Empty), connections: null!, ReadAsync, clock, log.CreateLogger<KeyExchange>());
        keys = new KeyService(store, exchange, () => leads, ReadAsync, Rotation, clock, log.CreateLogger<KeyService>());
    }

    [Fact(Timeout = 600_000)]
    public async Task A_key_is_published_for_its_interval_and_then_the_next_one_is()
    {
        var first = Published();
        clock.Advance(Day - TimeSpan.FromTicks(1));
        await keys.TurnAsync(Token);
        Published().ShouldBe(first);

        clock.Advance(TimeSpan.FromTicks(1));
        await keys.TurnAsync(Token);

        Published().ShouldNotBe(first);
        keys.PublicKeys().Single().NotAfter.ShouldBe(clock.GetUtcNow() + Rotation.Interval + Rotation.CaptureAgeMax);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_was_sealed_to_a_retired_key_can_be_opened_until_it_is_destroyed_and_never_after()
    {
        var envelope = SealToPublished();
        clock.Advance(Day);
        await keys.TurnAsync(Token);
        clock.Advance((Day * 8) - TimeSpan.FromTicks(1));
        await keys.TurnAsync(Token);
        IsOpenable(envelope).ShouldBeTrue();

        clock.Advance(TimeSpan.FromTicks(1));
        await keys.TurnAsync(Token);

        IsOpenable(envelope).ShouldBeFalse();
        store.Ring.DestroyedKeys.ShouldHaveSingleItem();
        using var again = (await KeyRingStore.OpenAsync(Path.Combine(folder, "keys.ring"), "test", Encoding.UTF8.GetBytes(Passphrase), Token)).Store!;
        again.Ring.Keys.Length.ShouldBe(store.Ring.Keys.Length, "what is destroyed is gone from the file too");
        again.Ring.DestroyedKeys.ShouldHaveSingleItem();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_passphrase_that_cannot_be_read_delays_the_rotation_and_nothing_else()
    {
        var first = Published();
        readPassphrase = () => throw new IOException("the file of the passphrase is away");
        clock.Advance(Day);
        using var ending = new CancellationTokenSource();
        var running = keys.RunAsync(ending.Token);
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        Published().ShouldBe(first, "edges need a key to seal to, if an old one");
        log.All.ShouldContain(line => line.Contains("the file of the passphrase is away"));

        readPassphrase = () => Passphrase;
        clock.Advance(TimeSpan.FromSeconds(30));
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        await ending.CancelAsync();
        await running;

        Published().ShouldNotBe(first);
        log.All.ShouldNotContain(line => line.Contains(Passphrase));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_does_not_lead_makes_no_key_and_destroys_its_own_expired_ones()
    {
        var first = Published();
        clock.Advance(Day);
        await keys.TurnAsync(Token);
        leads = false;
        var second = Published();
        clock.Advance(Day * 8);

        await keys.TurnAsync(Token);

        Published().ShouldBe(second);
        store.Ring.DestroyedKeys.ShouldHaveSingleItem().Id.ToString().ShouldBe(first);
    }

    [Fact(Timeout = 600_000)]
    public async Task Another_passphrase_than_the_rings_is_refused_and_told()
    {
        var first = Published();
        readPassphrase = () => "another passphrase";
        clock.Advance(Day);

        await keys.TurnAsync(Token);

        Published().ShouldBe(first);
        log.All.ShouldContain(line => line.Contains("could not be rotated"));
    }

    public ValueTask DisposeAsync()
    {
        exchange.Dispose();
        store.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private string Published() => keys.PublicKeys().First().Id;

    private byte[] SealToPublished()
    {
        PublicSealingKey.TryParse(keys.PublicKeys().First().PublicKey, out var key).ShouldBeTrue();
        var description = new EnvelopeDescription(Guid.NewGuid(), clock.GetUtcNow(), 0, "test", "alpha", "dc1.alpha.test", "ann");
        return EnvelopeSealer.Seal(description, key!, PasswordEncoding.Utf8, "Autumn.2026!"u8);
    }

    private bool IsOpenable(byte[] envelope)
    {
        var opening = EnvelopeOpener.Open(envelope, store, expected: null);
        opening.Password?.Dispose();
        return opening.IsOpened;
    }
}
