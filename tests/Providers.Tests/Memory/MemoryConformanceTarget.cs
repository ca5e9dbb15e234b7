using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Memory;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Memory;

internal sealed class MemoryConformanceTarget : ConformanceTarget, ISearchableTarget
{
    private readonly MemoryTarget target = new() { PasswordLengthMin = 8 };
    private int count;

    public MemoryConformanceTarget() => Provider = new MemoryProvider(target, TimeProvider.System, script: null);

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, $"user{++count}"));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, "o'n(e)*&/?#%41 \"x\"\\"));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken) => Task.FromResult(Add("F0rmer.Passw0rd!", 2, $"user{++count}"));

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        Task.FromResult(target.SignIn(names.SamAccountName, password));

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken)
    {
        target.Remove(names.SamAccountName);
        return Task.CompletedTask;
    }

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        target.SetBehindTheBack(names.SamAccountName, password, TimeProvider.System.GetUtcNow());
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        target.Dispose();
    }

    private AccountNames Add(string password, int times, string login)
    {
        var names = Any.Names(login);
        for (var i = 0; i < times; i++) target.Add(names.SamAccountName);
        target.SetBehindTheBack(names.SamAccountName, password, TimeProvider.System.GetUtcNow());
        return names;
    }
}
