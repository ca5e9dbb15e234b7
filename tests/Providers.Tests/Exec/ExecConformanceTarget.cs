using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Exec;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Exec;

/// <summary>Accounts in a JSON file that only <c>exec_target.py</c> and this class know.</summary>
internal sealed class ExecConformanceTarget : ConformanceTarget, ISearchableTarget
{
    private readonly ScratchFolder folder = new();
    private readonly string file;
    private int count;

    public ExecConformanceTarget()
    {
        file = folder.Write("accounts.json", "{}");
        Options = new ExecOptions
        {
            Program = Programs.Executable("Exec/exec_target.py"),
            Actions = [ExecAction.Find, ExecAction.Probe, ExecAction.Verify],
            Parameters = ImmutableDictionary<string, string>.Empty.Add("file", file),
        };
        Provider = new ExecProvider(Options, Any.Context(TimeProvider.System));
    }

    public ExecOptions Options { get; }

    /// <summary>A provider whose program keeps silent while it sets a password.</summary>
    /// <param name="when"><c>before</c> it is set, or <c>after</c>.</param>
    public IProvider ThatHangs(string when) => new ExecProvider(Options with { Parameters = Options.Parameters.Add("hangs", when) }, Any.Context(TimeProvider.System));

    /// <summary>Whether a program hangs.</summary>
    public bool Hangs => File.Exists(file + ".hangs");

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, $"user{++count}"));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, "o'n(e)--;*&/?#%_41 \"x\"\\"));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken) => Task.FromResult(Add("F0rmer.Passw0rd!", 2, $"user{++count}"));

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        Task.FromResult(Read().Any(entry => (string)entry.Value!["login"]! == names.SamAccountName && (string)entry.Value["password"]! == password));

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken)
    {
        File.WriteAllText(file, "{}");
        return Task.CompletedTask;
    }

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        var accounts = Read();
        foreach (var (_, account) in accounts)
        {
            account!["password"] = password;
            account["version"] = (int)account["version"]! + 1;
        }

        File.WriteAllText(file, accounts.ToJsonString());
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    private JsonObject Read() => (JsonObject)JsonNode.Parse(File.ReadAllText(file))!;

    private AccountNames Add(string password, int times, string login)
    {
        var names = Any.Names(login);
        var accounts = Read();
        for (var i = 0; i < times; i++) accounts[$"id-{count}-{i}"] = JsonSerializer.SerializeToNode(new { login = names.SamAccountName, password, version = 1 });
        File.WriteAllText(file, accounts.ToJsonString());
        return names;
    }
}
