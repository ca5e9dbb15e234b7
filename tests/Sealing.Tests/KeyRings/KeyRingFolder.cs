using System.Text;
using PasswordSync.Sealing.KeyRings;
using Shouldly;

namespace PasswordSync.Sealing.Tests.KeyRings;

/// <summary>A temporary folder for one key ring, deleted at the end.</summary>
public sealed class KeyRingFolder : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    /// <summary>Of the derivation: what is tried here is not how slow it is.</summary>
    public const int Rounds = 1_000;

    public static readonly byte[] Passphrase = Encoding.UTF8.GetBytes("a passphrase for tests");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("passwordsync-key-ring-");
    private readonly List<KeyRingStore> stores = [];

    public string Path => System.IO.Path.Combine(folder.FullName, "keys.ring");

    public IEnumerable<string> FileNames => folder.GetFiles().Select(file => file.Name).Order();

    public byte[] Bytes
    {
        get => File.ReadAllBytes(Path);
        set => File.WriteAllBytes(Path, value);
    }

    public async Task<KeyRingStore> CreateAsync(CancellationToken cancellationToken) =>
        Opened(await KeyRingStore.CreateAsync(Path, Passphrase, () => KeyRing.Begin("north", Start), Rounds, cancellationToken));

    public async Task<KeyRingStore> OpenAsync(CancellationToken cancellationToken) =>
        Opened(await KeyRingStore.OpenAsync(Path, "north", Passphrase, Rounds, cancellationToken));

    public async Task<KeyRingRefusal> RefusalAsync(CancellationToken cancellationToken)
    {
        var opening = await KeyRingStore.OpenAsync(Path, "north", Passphrase, Rounds, cancellationToken);
        opening.IsOpened.ShouldBeFalse();
        opening.Store.ShouldBeNull();
        return opening.Refusal!;
    }

    public void Dispose()
    {
        foreach (var store in stores) store.Dispose();
        folder.Delete(recursive: true);
    }

    private KeyRingStore Opened(KeyRingStoreOpening opening)
    {
        opening.IsOpened.ShouldBeTrue(opening.ToString());
        stores.Add(opening.Store!);
        return opening.Store!;
    }
}
