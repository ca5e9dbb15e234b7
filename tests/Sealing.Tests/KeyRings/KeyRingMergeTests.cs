using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using Shouldly;
using Xunit;
using static PasswordSync.Sealing.Tests.KeyRings.KeyRingFolder;

namespace PasswordSync.Sealing.Tests.KeyRings;

/// <summary>The rings of several nodes, each with a file of its own.</summary>
public sealed class KeyRingMergeTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly KeyRotation Rotation = new(captureAgeMax: Day);
    private readonly List<KeyRingFolder> folders = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folders.ForEach(folder => folder.Dispose());

    [Fact]
    public async Task Ring_travels_sealed_to_a_key_made_for_it_and_opens_with_the_other_node_s_passphrase()
    {
        var north = await NewFolder().CreateAsync(Token);

        var south = await JoinAsync(north, "another passphrase"u8.ToArray());

        south.Ring.Fingerprint.ShouldBe(north.Ring.Fingerprint);
        var id = north.Ring.Keys[0].Id;
        Scalar(south.Find(id).Key!).ShouldBe(Scalar(north.Find(id).Key!));
    }

    [Fact]
    public async Task Transfer_holds_no_private_key_in_clear_and_is_refused_by_any_other_key_cluster_or_when_altered()
    {
        var north = await NewFolder().CreateAsync(Token);
        using var receiver = PrivateSealingKey.Generate();
        using var stranger = PrivateSealingKey.Generate();
        var transfer = KeyRingTransfer.Seal(north.Ring, receiver.PublicKey);

        transfer.AsSpan().IndexOf(Scalar(north.Ring.Keys[0].PrivateKey)).ShouldBe(-1);
        KeyRingTransfer.TryOpen(transfer, stranger, "north", out _).ShouldBeFalse();
        KeyRingTransfer.TryOpen(transfer, receiver, "south", out _).ShouldBeFalse();
        for (var at = 0; at < transfer.Length; at += 7)
        {
            var altered = transfer.ToArray();
            altered[at] ^= 1;
            KeyRingTransfer.TryOpen(altered, receiver, "north", out _).ShouldBeFalse($"byte {at}");
        }

        KeyRingTransfer.TryOpen(transfer.AsSpan(..^1), receiver, "north", out _).ShouldBeFalse();
        KeyRingTransfer.TryOpen([], receiver, "north", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Keys_that_two_nodes_made_at_once_are_both_kept_by_both()
    {
        var north = await NewFolder().CreateAsync(Token);
        var south = await JoinAsync(north, Passphrase);
        (await north.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        (await south.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();

        await MergeAsync(from: north, to: south);
        await MergeAsync(from: south, to: north);

        north.Ring.Keys.Length.ShouldBe(3);
        north.Ring.Fingerprint.ShouldBe(south.Ring.Fingerprint);
        (await MergeAsync(from: south, to: north)).ShouldBeNull("there is nothing left to learn");
    }

    [Fact]
    public async Task Key_that_one_node_destroyed_is_wiped_at_the_other_and_does_not_come_back()
    {
        var north = await NewFolder().CreateAsync(Token);
        var south = await JoinAsync(north, Passphrase);
        var doomed = south.Ring.Keys[0];
        (await north.RotateAsync(Passphrase, Start + Day, Rotation, Token)).IsDone.ShouldBeTrue();
        (await north.ChangeAsync(Passphrase, ring => ring.Destroy(doomed.Id, Start + Day), Token)).IsDone.ShouldBeTrue();

        await MergeAsync(from: south, to: north);
        await MergeAsync(from: north, to: south);

        north.Find(doomed.Id).Key.ShouldBeNull();
        south.Find(doomed.Id).DestroyedAt.ShouldBe(Start + Day);
        Should.Throw<ObjectDisposedException>(() => Scalar(doomed.PrivateKey));
        var reopened = await folders[1].OpenAsync(Token);
        reopened.Ring.Fingerprint.ShouldBe(north.Ring.Fingerprint);
    }

    [Fact]
    public async Task Key_is_introduced_in_two_steps_and_retires_the_one_in_use()
    {
        var north = await NewFolder().CreateAsync(Token);
        var first = north.Ring.Keys[0].Id;
        var created = await north.ChangeAsync(Passphrase, ring => ring.Create(Start + Day), Token);
        north.Ring.CurrentKey(Start + Day)!.Id.ShouldBe(first);

        (await north.ChangeAsync(Passphrase, ring => ring.Introduce(created.Key!.Value, Start + Day), Token)).IsDone.ShouldBeTrue();

        north.Ring.CurrentKey(Start + Day)!.Id.ShouldBe(created.Key!.Value);
        north.Ring.Keys.Single(key => key.Id == first).RetiresAt.ShouldBe(Start + Day);
    }

    private KeyRingFolder NewFolder()
    {
        folders.Add(new KeyRingFolder());
        return folders[^1];
    }

    private async Task<KeyRingStore> JoinAsync(KeyRingStore other, byte[] passphrase)
    {
        var opening = await KeyRingStore.CreateAsync(NewFolder().Path, passphrase, () => Carry(other), Rounds, Token);
        return opening.Store.ShouldNotBeNull();
    }

    private static Task<KeyRingChange?> MergeAsync(KeyRingStore from, KeyRingStore to) => to.MergeAsync(Passphrase, Carry(from), Token);

    private static KeyRing Carry(KeyRingStore from)
    {
        using var receiver = PrivateSealingKey.Generate();
        KeyRingTransfer.TryOpen(KeyRingTransfer.Seal(from.Ring, receiver.PublicKey), receiver, "north", out var ring).ShouldBeTrue();
        return ring!;
    }

    private static byte[] Scalar(PrivateSealingKey key)
    {
        var scalar = new byte[32];
        key.CopyScalar(scalar);
        return scalar;
    }
}
