using System.Reflection;

namespace PasswordSync.Hosting;

/// <summary>The version of this product.</summary>
public static class ProductVersion
{
    /// <summary>Version and build, such as <c>0.1.0+3f2c…</c>.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
