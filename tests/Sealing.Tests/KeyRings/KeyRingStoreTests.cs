using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;
using static PasswordSync.Sealing.Tests.KeyRings.KeyRingFolder;

namespace PasswordSync.Sealing.Tests.KeyRings;

public sealed class KeyRingStoreTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly KeyRotation Rotation = new(captureAgeMax: Day);
    private readonly KeyRingFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Ring_comes_back_from_its_file_and_opens_what_was_sealed_before()
    {
        var store = await folder.CreateAsync(Token);
        var envelope = EnvelopeSealer.Seal(Material.Description, store.Ring.CurrentKey(Start)!.PublicKey, PasswordEncoding.Utf8, "p"u8);
        Done(await store.RotateAsync(Passphrase, Start + Day, Rotation, Token));
        Done(await store.ChangeAsync(Passphrase, ring => ring.Create(Start + (2 * Day)), Token));
        Done(await store.ChangeAsync(Passphrase, ring => ring.Destroy(ring.Keys[0].Id, Start + Day), Token));
        Done(await store.RotateAsync(Passphrase, Start + (2 * Day), Rotation, Token));

        var opened = await folder.OpenAsync(Token);

        opened.Ring.Revision.ShouldBe(5ul);
        opened.Ring.Cluster.ShouldBe("north");
        opened.Ring.Keys.Select(Facts).ShouldBe(store.Ring.Keys.Select(Facts));
        opened.Ring.DestroyedKeys.ShouldBe(store.Ring.DestroyedKeys);
        EnvelopeOpener.Open(envelope, opened, expected: null).Refusal!.Message.ShouldContain("destroyed");
        var current = EnvelopeSealer.Seal(Material.Description, store.Ring.CurrentKey(Start + (2 * Day))!.PublicKey, PasswordEncoding.Utf8, "p"u8);
        using var password = EnvelopeOpener.Open(current, opened, expected: null).Password!;
        password.Bytes.ToArray().ShouldBe("p"u8.ToArray());

        static (KeyId, PublicSealingKey, DateTimeOffset, DateTimeOffset?, DateTimeOffset?) Facts(RingKey key) =>
            (key.Id, key.PublicKey, key.CreatedAt, key.PublishedFrom, key.RetiresAt);
    }

    [Fact]
    public async Task Ring_of_a_node_has_the_rounds_that_its_passphrase_needs_and_one_with_fewer_is_refused()
    {
        using var made = (await KeyRingStore.CreateAsync(folder.Path, "north", Passphrase, Start, Token)).Store.ShouldNotBeNull();
        BitConverter.ToInt32(folder.Bytes, 10).ShouldBe(600_000, "docs/spec/key-ring.md");
        (await KeyRingStore.OpenAsync(folder.Path, "north", Passphrase, Token)).Store.ShouldNotBeNull().Dispose();

        using var weak = new KeyRingFolder();
        await weak.CreateAsync(Token);
        (await KeyRingStore.OpenAsync(weak.Path, "north", Passphrase, Token)).Refusal.ShouldNotBeNull().Reason.ShouldBe(KeyRingRefusalReason.UnknownVersion);
    }

    [Fact]
    public async Task Neither_private_keys_nor_the_passphrase_are_to_be_read_in_the_file()
    {
        var store = await folder.CreateAsync(Token);
        var scalar = new byte[32];
        store.Ring.Keys[0].PrivateKey.CopyScalar(scalar);
        folder.Bytes.AsSpan().IndexOf(scalar).ShouldBe(-1);
        folder.Bytes.AsSpan().IndexOf(Passphrase).ShouldBe(-1);
        folder.Bytes.AsSpan().IndexOf(store.Ring.Keys[0].PublicKey.Bytes).ShouldBe(-1);
    }

    [Fact]
    public async Task File_is_for_its_owner_alone()
    {
        await folder.CreateAsync(Token);
        if (OperatingSystem.IsWindows()) return;
        File.GetUnixFileMode(folder.Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Existing_ring_is_never_replaced_by_a_new_one()
    {
        await folder.CreateAsync(Token);
        var before = folder.Bytes;
        var opening = await KeyRingStore.CreateAsync(folder.Path, "north", Passphrase, Start, Token);
        opening.Refusal!.Reason.ShouldBe(KeyRingRefusalReason.AlreadyExists);
        folder.Bytes.ShouldBe(before);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(1_025)]
    [InlineData(0)]
    public async Task Passphrase_that_does_not_protect_makes_no_file(int length)
    {
        var opening = await KeyRingStore.CreateAsync(folder.Path, "north", new byte[length], Start, Token);
        opening.Refusal!.Reason.ShouldBe(KeyRingRefusalReason.UnfitPassphrase);
        opening.Refusal.Message.ShouldContain($"{length} bytes");
        File.Exists(folder.Path).ShouldBeFalse();
    }

    [Fact]
    public async Task Change_with_another_passphrase_is_refused_and_changes_nothing()
    {
        var store = await folder.CreateAsync(Token);
        var before = folder.Bytes;
        var change = await store.RotateAsync("another passphrase"u8.ToArray(), Start + Day, Rotation, Token);
        change.Refusal!.Reason.ShouldBe(KeyRingRefusalReason.WrongPassphrase);
        folder.Bytes.ShouldBe(before);
        store.Ring.Keys.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Refused_change_writes_nothing()
    {
        var store = await folder.CreateAsync(Token);
        var before = folder.Bytes;
        var change = await store.ChangeAsync(Passphrase, ring => ring.Retire(ring.Keys[0].Id, Start + Day), Token);
        change.Refusal!.Reason.ShouldBe(KeyRingRefusalReason.NoSuccessor);
        folder.Bytes.ShouldBe(before);
    }

    [Fact]
    public async Task Key_that_could_not_be_saved_does_not_count_and_is_wiped()
    {
        var store = await folder.CreateAsync(Token);
        Directory.CreateDirectory(folder.Path + ".new");
        PrivateSealingKey? made = null;

        await Should.ThrowAsync<Exception>(async () => await store.ChangeAsync(Passphrase, Create, Token));

        store.Ring.Keys.Length.ShouldBe(1);
        store.Ring.Revision.ShouldBe(1ul);
        Should.Throw<ObjectDisposedException>(() => made!.CopyScalar(new byte[32]));
        store.Ring.Keys[0].PrivateKey.CopyScalar(new byte[32]);
        Directory.Delete(folder.Path + ".new");
        Done(await store.RotateAsync(Passphrase, Start + Day, Rotation, Token));

        KeyRingChange Create(KeyRing ring)
        {
            var change = ring.Create(Start);
            made = change.Ring!.Keys[^1].PrivateKey;
            return change;
        }
    }

    [Fact]
    public async Task Destroyed_key_is_wiped_in_memory_and_its_file_is_overwritten_and_gone()
    {
        var store = await folder.CreateAsync(Token);
        Done(await store.RotateAsync(Passphrase, Start + Day, Rotation, Token));
        var (destroyed, kept) = (store.Ring.Keys[0].PrivateKey, store.Ring.Keys[1].PrivateKey);
        var former = folder.Bytes;
        // The open file stands for a disk that still has the former blocks.
        await using var disk = new FileStream(folder.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

        Done(await store.ChangeAsync(Passphrase, ring => ring.Destroy(destroyed.PublicKey.Id, Start + Day), Token));

        Should.Throw<ObjectDisposedException>(() => destroyed.CopyScalar(new byte[32]));
        kept.CopyScalar(new byte[32]);
        folder.FileNames.Except(["keys.ring.replaced"]).ShouldBe(["keys.ring", "keys.ring.lock"]);
        if (!OperatingSystem.IsWindows()) folder.FileNames.ShouldNotContain("keys.ring.replaced");
        var left = new byte[former.Length];
        await disk.ReadExactlyAsync(left, Token);
        left.Zip(former).Count(pair => pair.First == pair.Second).ShouldBeLessThan(former.Length / 10, "chance leaves one byte in 256");
        (await folder.OpenAsync(Token)).Ring.Keys.Select(key => key.Id).ShouldBe([kept.PublicKey.Id]);
    }

    [Fact]
    public async Task What_a_crash_left_is_destroyed_when_the_ring_is_opened()
    {
        await folder.CreateAsync(Token);
        File.Copy(folder.Path, folder.Path + ".new");
        File.Copy(folder.Path, folder.Path + ".replaced");
        await folder.OpenAsync(Token);
        folder.FileNames.ShouldBe(["keys.ring", "keys.ring.lock"]);
    }

    [Fact]
    public async Task Change_while_another_process_holds_the_lock_is_refused()
    {
        var store = await folder.CreateAsync(Token);
        await using (new FileStream(folder.Path + ".lock", FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            (await store.RotateAsync(Passphrase, Start + Day, Rotation, Token)).Refusal!.Reason.ShouldBe(KeyRingRefusalReason.InUse);
            (await KeyRingStore.CreateAsync(folder.Path, "north", Passphrase, Start, Token)).Refusal!.Reason.ShouldBe(KeyRingRefusalReason.InUse);
            await folder.OpenAsync(Token);
        }

        Done(await store.RotateAsync(Passphrase, Start + Day, Rotation, Token));
    }

    [Fact]
    public async Task Lock_in_a_folder_that_is_not_there_is_no_matter_of_being_in_use() =>
        await Should.ThrowAsync<DirectoryNotFoundException>(async () =>
            await KeyRingStore.CreateAsync(Path.Combine(folder.Path, "nowhere", "keys.ring"), "north", Passphrase, Start, Token));

    private static void Done(KeyRingChange change) => change.IsDone.ShouldBeTrue(change.ToString());
}
