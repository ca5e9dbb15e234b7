using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Conformance;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Plugins;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Plugins;

/// <summary>The sample plug-in behind the provider.</summary>
public sealed class FilePluginProviderConformance : SearchingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => Task.FromResult<ConformanceTarget>(new FilePluginTarget());
}

/// <summary>The sample plug-in by itself, as its author would test it.</summary>
public sealed class FilePluginConformance : PluginConformance, IAsyncDisposable
{
    private readonly FilePluginTarget target = new();

    protected override PluginSetup Setup => new(target.Options.Program, target.Options.Values, ImmutableDictionary<string, string>.Empty);

    protected override string? RefusedPassword => target.RefusedPassword;

    public ValueTask DisposeAsync() => target.DisposeAsync();

    protected override async Task<SourceAccount> AddAsync(string password, CancellationToken cancellationToken)
    {
        var names = await target.AddAsync(password, cancellationToken);
        return new SourceAccount("alpha", Guid.NewGuid(), names.DistinguishedName, names.SamAccountName, names.UserPrincipalName, names.Mail);
    }

    protected override Task<bool> HasAsync(SourceAccount account, string password, CancellationToken cancellationToken) =>
        target.HasAsync(new AccountNames(account.DistinguishedName, account.SamAccountName, account.UserPrincipalName, account.Mail), password, cancellationToken);
}

/// <summary>The sample's file, read and written by this class's own code.</summary>
internal sealed class FilePluginTarget : ConformanceTarget, ISearchableTarget
{
    private readonly ScratchFolder folder = new();
    private readonly string file;
    private int count;

    public FilePluginTarget()
    {
        file = folder.Write("users.txt", "");
        Options = new PluginOptions
        {
            Program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PasswordSync.FilePlugin.exe" : "PasswordSync.FilePlugin"),
            Values = ImmutableDictionary<string, string>.Empty.Add("file", file),
            StartTimeout = Any.LongTime,
        };
        Provider = new PluginProvider(Options, Any.Context(TimeProvider.System));
    }

    public PluginOptions Options { get; }

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, $"user{++count}"));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, "o'n(e)--;*&/?#%_41 \"x\"\\"));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken) => Task.FromResult(Add("F0rmer.Passw0rd!", 2, $"user{++count}"));

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) => Task.FromResult(
        File.ReadAllLines(file).Select(line => line.Split(':')).Any(parts => parts[0] == names.SamAccountName && Hash(password, Convert.FromBase64String(parts[2])) == parts[3]));

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) => File.WriteAllTextAsync(file, "", cancellationToken);

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken) => File.WriteAllLinesAsync(
        file,
        File.ReadAllLines(file).Select(line => line.Split(':')).Select(parts => Line(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture) + 1, password)),
        cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    private AccountNames Add(string password, int times, string login)
    {
        var names = Any.Names(login);
        for (var i = 0; i < times; i++) File.AppendAllLines(file, [Line(names.SamAccountName, 1, password)]);
        return names;
    }

    private static string Line(string login, int version, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return $"{login}:{version}:{Convert.ToBase64String(salt)}:{Hash(password, salt)}";
    }

    private static string Hash(string password, byte[] salt) => Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(password, salt, 100_000, HashAlgorithmName.SHA256, 32));
}
