using PasswordSync.Lab;
using PasswordSync.Providers.Tests.Conformance;
using Xunit;

namespace PasswordSync.Providers.Tests.Scim;

/// <summary>A server that takes PATCH.</summary>
public sealed class PatchingScimServer : IAsyncLifetime
{
    private ScimServer? server;

    internal ScimServer Server => server!;

    public async ValueTask InitializeAsync() => server = await ScimServer.StartAsync(new ScimServerOptions(Patch: true, ETag: false), CancellationToken.None);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A server without PATCH whose users have versions.</summary>
public sealed class PuttingScimServer : IAsyncLifetime
{
    private ScimServer? server;

    internal ScimServer Server => server!;

    public async ValueTask InitializeAsync() => server = await ScimServer.StartAsync(new ScimServerOptions(Patch: false, ETag: true), CancellationToken.None);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class ScimConformance(PatchingScimServer server) : MatchingConformance, IClassFixture<PatchingScimServer>
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new ScimConformanceTarget(server.Server, withOAuth: false));
}

public sealed class ScimPutConformance(PuttingScimServer server) : MatchingConformance, IClassFixture<PuttingScimServer>
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new ScimConformanceTarget(server.Server, withOAuth: true));
}

public sealed class ScimNetwork(PatchingScimServer server) : ThrottlingConformance, IClassFixture<PatchingScimServer>
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new ScimConformanceTarget(server.Server, withOAuth: false));
}

public sealed class ScimOAuthNetwork(PuttingScimServer server) : ThrottlingConformance, IClassFixture<PuttingScimServer>
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new ScimConformanceTarget(server.Server, withOAuth: true));
}
