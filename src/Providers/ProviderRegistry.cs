using System.Collections.Immutable;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Transformations;

namespace PasswordSync.Providers;

/// <summary>The kinds of providers that this node has.</summary>
public sealed class ProviderRegistry
{
    private readonly ImmutableDictionary<string, IProviderFactory> factories;

    /// <exception cref="ArgumentException">Two factories have the same kind.</exception>
    public ProviderRegistry(IEnumerable<IProviderFactory> factories) =>
        this.factories = factories.ToImmutableDictionary(factory => factory.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>The kinds that are part of the product.</summary>
    public static ProviderRegistry BuiltIn { get; } = new(
    [
        new ActiveDirectory.ActiveDirectoryProviderFactory(),
        new Exec.ExecProviderFactory(),
        new EntraId.EntraIdProviderFactory(),
        new Ldap.LdapProviderFactory(),
        new LocalAccounts.LocalAccountsProviderFactory(),
        new Passwordstate.PasswordstateProviderFactory(),
        new Plugins.PluginProviderFactory(),
        new PostgreSqlRoles.PostgreSqlRolesProviderFactory(),
        new Scim.ScimProviderFactory(),
        new Sql.SqlProviderFactory(),
        new Webhook.WebhookProviderFactory(),
    ]);

    /// <summary>The names of the kinds, in order.</summary>
    public ImmutableArray<string> Kinds => [.. factories.Values.Select(factory => factory.Kind).Order(StringComparer.Ordinal)];

    /// <summary>The same without all other kinds than these; names that are no kind of it are ignored.</summary>
    /// <param name="kinds">Names of kinds, in any case.</param>
    public ProviderRegistry Only(IEnumerable<string> kinds)
    {
        var wanted = kinds.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new(factories.Values.Where(factory => wanted.Contains(factory.Kind)));
    }

    /// <summary>Makes a provider within the limits and with the transformations that its settings give (see <see cref="ProviderLimits"/>, <see cref="TransformationPipeline"/>). Opens no connection.</summary>
    /// <param name="kind">The kind's name.</param>
    /// <param name="settings">The settings, flattened to <c>key</c> or <c>list:0</c>.</param>
    /// <param name="context">What the host lends.</param>
    public ProviderCreation Create(string kind, IReadOnlyDictionary<string, string> settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(context);
        if (!factories.TryGetValue(kind, out var factory))
        {
            return new ProviderCreation.Refused([new SettingFault("provider", kind, $"Use one of {string.Join(", ", Kinds)}.")]);
        }

        var reader = new SettingsReader(settings);
        var limits = ProviderLimits.Read(reader);
        var transformations = TransformationPipeline.Read(reader);
        var provider = factory.Create(reader, context);
        if (provider is not null) transformations?.RejectWhatNeverFits(reader, provider.Description.Limits);
        var faults = reader.Finish();
        if (!faults.IsEmpty)
        {
            // Nobody gets it. It has opened no connection, so there is nothing to wait for.
            provider?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return new ProviderCreation.Refused(faults);
        }

        if (provider is null) throw new InvalidOperationException($"Internal error: {kind} made no provider and named no fault.");
        if (transformations is not null) provider = new TransformingProvider(provider, transformations);
        return new ProviderCreation.Created(new GuardedProvider(provider, limits, context.Time));
    }
}
