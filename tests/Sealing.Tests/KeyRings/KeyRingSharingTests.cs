using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;
using static PasswordSync.Sealing.Tests.KeyRings.KeyRingFolder;

namespace PasswordSync.Sealing.Tests.KeyRings;

/// <summary>Two stores over one file stand for two processes.</summary>
public sealed class KeyRingSharingTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly KeyRotation Rotation = new(captureAgeMax: Day);
    private readonly KeyRingFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Changes_of_two_processes_come_one_upon_the_other()
    {
        var one = await folder.CreateAsync(Token);
        var other = await folder.OpenAsync(Token);
        var keptKey = other.Ring.Keys[0].PrivateKey;
        (await one.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();

        (await other.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();

        other.Ring.Revision.ShouldBe(3ul);
        other.Ring.Keys.Length.ShouldBe(3);
        other.Ring.Keys.Take(2).Select(key => key.Id).ShouldBe(one.Ring.Keys.Select(key => key.Id));
        other.Ring.Keys[0].PrivateKey.ShouldBeSameAs(keptKey);
        keptKey.CopyScalar(new byte[32]);
    }

    [Fact]
    public async Task Key_destroyed_by_another_process_is_wiped_before_the_own_change()
    {
        var one = await folder.CreateAsync(Token);
        (await one.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        var other = await folder.OpenAsync(Token);
        var destroyed = other.Ring.Keys[0].PrivateKey;
        (await one.ChangeAsync(Passphrase, ring => ring.Destroy(destroyed.PublicKey.Id, Start + Day), Token)).IsDone.ShouldBeTrue();

        (await other.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();

        Should.Throw<ObjectDisposedException>(() => destroyed.CopyScalar(new byte[32]));
    }

    [Fact]
    public async Task Old_copy_put_back_is_refused_and_changes_nothing()
    {
        var store = await folder.CreateAsync(Token);
        var old = folder.Bytes;
        (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        folder.Bytes = old;

        (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).Refusal!.Reason.ShouldBe(KeyRingRefusalReason.Outdated);
        store.Ring.Revision.ShouldBe(2ul);
        store.Ring.Keys.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Ring_that_was_changed_in_two_places_is_refused_and_loses_no_key()
    {
        var one = await folder.CreateAsync(Token);
        var common = folder.Bytes;
        var other = await folder.OpenAsync(Token);
        (await one.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        folder.Bytes = common;
        (await other.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();

        var refusal = (await one.RotateAsync(Passphrase, Start + Day, Rotation, Token)).Refusal!;

        refusal.Reason.ShouldBe(KeyRingRefusalReason.Diverged);
        refusal.Message.ShouldContain(one.Ring.Keys[1].Id.ToString());
        one.Ring.Keys[1].PrivateKey.CopyScalar(new byte[32]);
    }

    [Fact]
    public async Task Missing_or_damaged_file_leaves_the_loaded_ring_as_it_is()
    {
        var store = await folder.CreateAsync(Token);
        folder.Bytes = [.. folder.Bytes[..^1], 0];
        (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).Refusal!.Reason.ShouldBe(KeyRingRefusalReason.Damaged);
        File.Delete(folder.Path);
        (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).Refusal!.Reason.ShouldBe(KeyRingRefusalReason.NotFound);
        store.Ring.Keys.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Openings_at_the_same_time_as_changes_open_or_are_refused_as_unknown_key()
    {
        const int Openers = 2;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var store = await folder.CreateAsync(Token);
        var envelope = EnvelopeSealer.Seal(Material.Description, store.Ring.CurrentKey(Start)!.PublicKey, PasswordEncoding.Utf8, "p"u8);
        var sawOpened = Enumerable.Range(0, Openers).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();

        var openers = sawOpened.Select(opened => Task.Run(() => OpenUntilDestroyed(opened), Token)).ToArray();
        await Task.WhenAll(sawOpened.Select(opened => opened.Task));
        (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        (await store.ChangeAsync(Passphrase, ring => ring.Destroy(ring.Keys[0].Id, Start + Day), Token)).IsDone.ShouldBeTrue();

        (await Task.WhenAll(openers)).ShouldAllBe(refusal => refusal == "unknown-key");

        string OpenUntilDestroyed(TaskCompletionSource opened)
        {
            while (!patience.IsCancellationRequested)
            {
                var opening = EnvelopeOpener.Open(envelope, store, expected: null);
                opening.Password?.Dispose();
                opened.TrySetResult();
                if (!opening.IsOpened) return opening.Refusal!.Name;
            }

            return "the key was never destroyed";
        }
    }
}
