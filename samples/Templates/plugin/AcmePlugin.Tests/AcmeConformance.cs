using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Conformance;

namespace AcmePlugin.Tests;

/// <summary>What every plug-in must do, tried on this one. Look at your system by other means than the plug-in's own code.</summary>
public sealed class AcmeConformance : PluginConformance, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("acme").FullName;

    protected override PluginSetup Setup => new(
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "AcmePlugin.exe" : "AcmePlugin"),
        ImmutableDictionary<string, string>.Empty.Add("folder", folder),
        Secrets: ImmutableDictionary<string, string>.Empty);

    // Shorter than the description's least length, so the server would not even send it.
    protected override string? RefusedPassword => "Sh0rt!";

    protected override async Task<SourceAccount> AddAsync(string password, CancellationToken cancellationToken)
    {
        var login = $"user{Guid.NewGuid():N}";
        var salt = RandomNumberGenerator.GetBytes(16);
        await File.WriteAllTextAsync(FileOf(login), $"{Convert.ToHexString(salt)} {Hash(password, salt)}", cancellationToken);
        return new SourceAccount("alpha", Guid.NewGuid(), $"CN={login}", login);
    }

    protected override async Task<bool> HasAsync(SourceAccount account, string password, CancellationToken cancellationToken)
    {
        var parts = (await File.ReadAllTextAsync(FileOf(account.SamAccountName), cancellationToken)).Split(' ');
        return Hash(password, Convert.FromHexString(parts[0])) == parts[1];
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Hash(string password, byte[] salt) => Convert.ToHexString(Rfc2898DeriveBytes.Pbkdf2(password, salt, 100_000, HashAlgorithmName.SHA256, 32));

    private string FileOf(string login) => Path.Combine(folder, Convert.ToHexString(Encoding.UTF8.GetBytes(login)));
}
