using System.Collections.Immutable;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Xunit;

[assembly: AssemblyFixture(typeof(PasswordSync.EndToEnd.Support.Landscape))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace PasswordSync.EndToEnd.Support;

/// <summary>
/// What all end-to-end tests share: domain alpha with two DCs and domain beta, each the other's target; beta again for users described as "strict", who must change their
/// password there too if they must at home; OpenLDAP gamma as a target of alpha; delta, an OpenLDAP that tests stop and start, and delta again for users described as
/// "patient", for whom nothing is tried again within an hour unless somebody asks for it; and a target that accepts connections and stays
/// silent. Each test takes users of its own.
/// </summary>
public sealed class Landscape : IAsyncLifetime
{
    /// <summary>How soon a password must be everywhere on this noisy kind of machine; how soon it usually is, is measured elsewhere.</summary>
    public static readonly TimeSpan ArrivalBound = TimeSpan.FromMinutes(3);

    /// <summary>How long a delivery to the silent target hangs: as long as a configuration may let it.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    private const int UsersMax = 260;
    private int nextUser = 60;
    private TemporaryFolder? folder;

    public SambaDomain Alpha { get; private set; } = null!;

    public SambaDomain Beta { get; private set; } = null!;

    public OpenLdapServer Gamma { get; private set; } = null!;

    public OpenLdapServer Delta { get; private set; } = null!;

    /// <summary>Holds each delivery up for <see cref="Silence"/>, until a test lets it hang up.</summary>
    public SilentTcpServer Silent { get; private set; } = null!;

    public ProductLandscape Product { get; private set; } = null!;

    /// <summary>The folder of the product's files.</summary>
    public string Folder => folder!.FullPath;

    /// <summary>The folder of the secrets that only the sync point delta uses, for tests that make them wrong.</summary>
    public string SecretsOfDelta => Path.Combine(ProductLandscape.SecretsFolder(Folder), "delta");

    /// <summary>Where the sync server's log ends now.</summary>
    public long NodeLogEnd => Product.Node.LogEnd;

    /// <summary>A user of alpha that no other test has; beta, gamma and delta have one of the same name.</summary>
    public LabUser NextUser() => Alpha.Users[Interlocked.Increment(ref nextUser)];

    /// <summary>As above, with a description, by which points of few users choose them.</summary>
    public async Task<LabUser> NextUserAsync(string description, CancellationToken cancellationToken)
    {
        var user = NextUser();
        await DescribeAsync(user, description, cancellationToken);
        return user;
    }

    /// <summary>Describes a user of alpha.</summary>
    public Task DescribeAsync(LabUser user, string description, CancellationToken cancellationToken) => Alpha.First.ApplyLdifAsync(
        $"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: description\ndescription: {description}\n\n", cancellationToken);

    /// <summary>The first 50 users, for tests of many at once.</summary>
    public IReadOnlyList<LabUser> Crowd => [.. Alpha.Users.Take(50)];

    public LabUser InBeta(LabUser user) => Beta.Users.Single(other => other.AccountName == user.AccountName);

    public LabUser InDelta(LabUser user) => Delta.Users.Single(other => other.AccountName == user.AccountName);

    public LabUser InGamma(LabUser user) => Gamma.Users.Single(other => other.AccountName == user.AccountName);

    public async ValueTask InitializeAsync()
    {
        var token = CancellationToken.None;
        var alpha = SambaDomain.StartAsync(new SambaDomainOptions { Realm = "ALPHA.TEST", Controllers = 2, Users = UsersMax }, token);
        var beta = SambaDomain.StartAsync(new SambaDomainOptions { Realm = "BETA.TEST", Users = UsersMax }, token);
        Gamma = await OpenLdapServer.StartAsync(new OpenLdapOptions { Suffix = "dc=gamma,dc=test", Users = UsersMax, LockoutThreshold = 0 }, token);
        Delta = await OpenLdapServer.StartAsync(new OpenLdapOptions { Suffix = "dc=delta,dc=test", Users = UsersMax, LockoutThreshold = 0 }, token);
        Silent = new SilentTcpServer();
        Alpha = await alpha;
        Beta = await beta;
        folder = TemporaryFolder.Create("endtoend");
        await ProductLandscape.WriteSecretsAsync(Folder, token);
        Directory.CreateDirectory(SecretsOfDelta);
        foreach (var secret in Directory.GetFiles(ProductLandscape.SecretsFolder(Folder))) File.Copy(secret, Path.Combine(SecretsOfDelta, Path.GetFileName(secret)));
        Product = await ProductLandscape.StartAsync(Describe(), Folder, token);
    }

    public async ValueTask DisposeAsync()
    {
        if (Product is not null) await Product.DisposeAsync();
        if (Alpha is not null) await Alpha.DisposeAsync();
        if (Beta is not null) await Beta.DisposeAsync();
        if (Gamma is not null) await Gamma.DisposeAsync();
        if (Delta is not null) await Delta.DisposeAsync();
        if (Silent is not null) await Silent.DisposeAsync();
        folder?.Dispose();
    }

    /// <summary>Waits until the password is the user's in beta and gamma.</summary>
    public async Task ArrivesEverywhereAsync(LabUser user, string password, CancellationToken cancellationToken)
    {
        await ArrivesInBetaAsync(user, password, cancellationToken);
        await ArrivesInGammaAsync(user, password, cancellationToken);
    }

    public Task ArrivesInBetaAsync(LabUser user, string password, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"{user.AccountName}'s password in beta", ArrivalBound, async token => (await Beta.First.BindAsync(InBeta(user), password, token)).Accepted, cancellationToken);

    public Task ArrivesInGammaAsync(LabUser user, string password, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"{user.AccountName}'s password in gamma", ArrivalBound, async token => (await Gamma.BindAsync(InGamma(user), password, token)).Accepted, cancellationToken);

    public Task ArrivesInAlphaAsync(LabUser user, string password, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"{user.AccountName}'s password in alpha", ArrivalBound, async token => (await Alpha.First.BindAsync(user, password, token)).Accepted, cancellationToken);

    /// <summary>Waits for a line of the sync server's log that holds all the parts.</summary>
    /// <param name="after">Where the log ended before: what other tests made it say is no answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="parts">What the line holds.</param>
    public Task NodeSaysAsync(long after, CancellationToken cancellationToken, params string[] parts) => Eventually.HoldsAsync(
        $"the sync server to say {string.Join(" … ", parts)}", ArrivalBound, _ => Task.FromResult(Product.Node.ReadLog(after).Any(line => parts.All(part => line.Contains(part, StringComparison.Ordinal)))), cancellationToken);

    /// <summary>Waits until the sync server has decided on so many captures of a user of alpha, to send them or not: nothing of them can come later that was not there before.</summary>
    public Task DecidesAsync(LabUser user, int captures, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"{captures} captures of {user.AccountName} to be decided", ArrivalBound, _ => Task.FromResult(Decided(user) >= captures), cancellationToken);

    // Only the accepted one is told with the person's name; the others by its account.
    private int Decided(LabUser user)
    {
        var lines = Product.Node.ReadLog(after: 0);
        var accepted = lines.FirstOrDefault(line => line.Contains($"({user.AccountName})", StringComparison.Ordinal) && line.Contains("is the newest", StringComparison.Ordinal));
        if (accepted is null) return 0;
        var account = accepted.Split(" of ")[1].Split(' ')[0];
        return lines.Count(line => line.Contains(account, StringComparison.Ordinal)
            && (line.Contains("is the newest", StringComparison.Ordinal) || line.Contains("is not sent", StringComparison.Ordinal)));
    }

    private ProductLandscapeOptions Describe()
    {
        var secrets = ProductLandscape.SecretsFolder(Folder);
        return new ProductLandscapeOptions(
            new Dictionary<string, SambaDomain> { ["alpha"] = Alpha, ["beta"] = Beta }.ToImmutableDictionary(),
            [
                LandscapePoint.Domain("beta", ["alpha"], Beta, secrets, asSource: "beta") with { Filter = "(!(description=strict))" },
                LandscapePoint.Domain("strict", ["alpha"], Beta, secrets, asSource: "beta", carryMustChange: true) with { Filter = "(description=strict)" },
                LandscapePoint.Domain("alpha", ["beta"], Alpha, secrets, asSource: "alpha"),
                LandscapePoint.Directory("gamma", ["alpha"], Gamma, secrets),
                LandscapePoint.Directory("delta", ["alpha"], Delta, SecretsOfDelta) with { Filter = "(description=delta)" },
                LandscapePoint.Directory("patient", ["alpha"], Delta, SecretsOfDelta) with { Filter = "(description=patient)", RetryDelay = (TimeSpan.FromHours(1), TimeSpan.FromHours(1)) },
                new LandscapePoint(ProductLandscape.SilentPoint, ["alpha"], "webhook", SilentTarget(secrets))
                {
                    Filter = "(description=silent)",
                    AttemptTimeout = Silence,
                    RetryDelay = (TimeSpan.FromHours(1), TimeSpan.FromHours(1)),
                },
            ]);
    }

    // Over plain HTTP the request itself is sent, and nothing but the attempt's deadline ends the wait for its answer.
    private object SilentTarget(string secrets) => new { url = $"http://{Silent.EndPoint}/", signingKey = $"file:{Path.Combine(secrets, "passphrase")}" };
}
