using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Contract;

/// <summary>Makes providers of one kind.</summary>
public interface IProviderFactory
{
    /// <summary>The kind's name in the configuration, in camel case.</summary>
    string Kind { get; }

    /// <summary>Reads and checks the settings. Opens no connection.</summary>
    /// <param name="settings">Whatever is wrong is noted there; keys that nobody reads become faults.</param>
    /// <param name="context">What the host lends.</param>
    /// <returns>The provider, which the caller owns; null if <paramref name="settings"/> has faults.</returns>
    IProvider? Create(SettingsReader settings, ProviderContext context);
}

/// <summary>What a host lends to a provider.</summary>
/// <param name="Point">The sync point that the provider is for.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">Where it logs.</param>
/// <param name="Secrets">Resolves references to secrets.</param>
/// <param name="AllowList">Which end points, files and references this node lets a configuration use.</param>
/// <param name="GenerationOf">The current generation of a source, for stamps of targets that are sources.</param>
public sealed record ProviderContext(
    SyncPointId Point,
    TimeProvider Time,
    ILoggerFactory Loggers,
    ISecretReferences Secrets,
    NodeAllowList AllowList,
    Func<SourceId, int> GenerationOf)
{
    /// <summary>Where all nodes of the cluster count together what they do; null on a node that has no others. Not to be called before the host has started.</summary>
    public Func<IRateBudget>? ClusterRates { get; init; }
}

/// <summary>What making a provider came to. A closed set.</summary>
public abstract record ProviderCreation
{
    private ProviderCreation() { }

    /// <summary>The settings are in order; the caller owns the provider.</summary>
    public sealed record Created(IProvider Provider) : ProviderCreation;

    /// <summary>The settings are not in order.</summary>
    /// <param name="Faults">All of them, at least one.</param>
    public sealed record Refused(ImmutableArray<SettingFault> Faults) : ProviderCreation;
}
