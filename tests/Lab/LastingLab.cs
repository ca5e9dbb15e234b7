using System.Collections.Immutable;
using PasswordSync.Lab.Product;

namespace PasswordSync.Lab;

/// <summary>
/// The servers of <c>lab.sh</c>, which outlive the commands that start and look at them: the domain ALPHA.TEST, where people
/// change their passwords, the domain BETA.TEST and an OpenLDAP directory, which follow, and this product between them: a sync server, and an
/// edge on ALPHA's DC. Everything is in one folder.
/// </summary>
public sealed class LastingLab : IAsyncDisposable
{
    private const int UserCount = 10;

    private LastingLab(string folder, SambaDomain source, SambaDomain target, OpenLdapServer directory, ProductLandscape? product)
    {
        Product = product;
        Folder = folder;
        Source = source;
        Target = target;
        Directory = directory;
    }

    public string Folder { get; }

    public SambaDomain Source { get; }

    public SambaDomain Target { get; }

    public OpenLdapServer Directory { get; }

    /// <summary>This product; null before it was started for the first time.</summary>
    public ProductLandscape? Product { get; private set; }

    private static SambaDomainOptions SourceOptions => new() { Realm = "ALPHA.TEST", Users = UserCount };

    private static SambaDomainOptions TargetOptions => new() { Realm = "BETA.TEST", Users = UserCount };

    private static OpenLdapOptions DirectoryOptions => new() { Users = UserCount };

    /// <summary>Was a lab started in this folder and not taken down?</summary>
    public static bool IsIn(string folder) => System.IO.Directory.Exists(folder);

    /// <summary>Starts all servers, for the first time or again. Takes about five seconds, the first time on a machine half a minute.</summary>
    public static async Task<LastingLab> UpAsync(string folder, CancellationToken cancellationToken)
    {
        if (!IsIn(folder))
        {
            try
            {
                await using var source = await SambaDomain.StartLastingAsync(SourceOptions, SourceFolder(folder), cancellationToken);
                await using var target = await SambaDomain.StartLastingAsync(TargetOptions, TargetFolder(folder), cancellationToken);
                await using var directory = await OpenLdapServer.StartLastingAsync(DirectoryOptions, DirectoryFolder(folder), cancellationToken);
            }
            catch
            {
                await DownAsync(folder, CancellationToken.None);
                throw;
            }
        }

        var lab = Attach(folder);
        foreach (var controller in lab.Source.Controllers.Concat(lab.Target.Controllers).Where(controller => !controller.IsRunning))
            await controller.StartAsync(cancellationToken);
        if (!lab.Directory.IsRunning) await lab.Directory.StartAsync(cancellationToken);
        if (lab.Product is { } product)
        {
            await product.ResumeAsync(cancellationToken);
            return lab;
        }

        var productFolder = ProductFolder(folder);
        System.IO.Directory.CreateDirectory(productFolder);
        await ProductLandscape.WriteSecretsAsync(productFolder, cancellationToken);
        lab.Product = await ProductLandscape.StartAsync(Describe(lab.Source, lab.Target, lab.Directory, productFolder), productFolder, cancellationToken);
        return lab;
    }

    /// <summary>Finds the servers that <see cref="UpAsync"/> started.</summary>
    public static LastingLab Attach(string folder)
    {
        var (source, target, directory) = (SambaDomain.Attach(SourceFolder(folder)), SambaDomain.Attach(TargetFolder(folder)), OpenLdapServer.Attach(DirectoryFolder(folder)));
        var productFolder = ProductFolder(folder);
        var product = System.IO.Directory.Exists(productFolder) ? ProductLandscape.Attach(Describe(source, target, directory, productFolder), productFolder) : null;
        return new(folder, source, target, directory, product);
    }

    /// <summary>Stops every server of the folder, however far it came, and removes the folder.</summary>
    public static async Task DownAsync(string folder, CancellationToken cancellationToken)
    {
        if (!IsIn(folder)) return;
        await ServerProcess.StopAllAsync(folder, cancellationToken);
        System.IO.Directory.Delete(folder, recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (Product is not null) await Product.DisposeAsync();
        await Source.DisposeAsync();
        await Target.DisposeAsync();
        await Directory.DisposeAsync();
    }

    private static string SourceFolder(string folder) => Path.Combine(folder, "alpha");

    private static string TargetFolder(string folder) => Path.Combine(folder, "beta");

    private static ProductLandscapeOptions Describe(SambaDomain source, SambaDomain target, OpenLdapServer directory, string productFolder)
    {
        var secrets = ProductLandscape.SecretsFolder(productFolder);
        return new(
            new Dictionary<string, SambaDomain> { ["alpha"] = source }.ToImmutableDictionary(),
            [LandscapePoint.Domain("beta", ["alpha"], target, secrets, asSource: null), LandscapePoint.Directory("gamma", ["alpha"], directory, secrets)])
        { Lasting = true };
    }

    private static string ProductFolder(string folder) => Path.Combine(folder, "product");

    private static string DirectoryFolder(string folder) => Path.Combine(folder, "gamma");
}
