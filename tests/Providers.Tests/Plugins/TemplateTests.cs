using System.Xml.Linq;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Plugins;

/// <summary>What "dotnet new passwordsync-plugin" gives: its code is built and its own tests are run with these; its projects ask for the packages of this version.</summary>
public sealed class TemplateTests
{
    [Theory]
    [InlineData("AcmePlugin", "PasswordSync.Providers.Abstractions")]
    [InlineData("AcmePlugin.Tests", "PasswordSync.Providers.Conformance")]
    [InlineData("AcmePlugin.Tests", "xunit.v3")]
    public void A_project_of_the_template_asks_for_the_version_that_this_repository_has(string project, string package)
    {
        var asked = Load("samples", "Templates", "plugin", project, "Project.txt").Descendants("PackageReference").Single(reference => (string?)reference.Attribute("Include") == package);

        var version = package.StartsWith("PasswordSync.", StringComparison.Ordinal)
            ? Load("Directory.Build.props").Descendants("Version").Single().Value
            : (string?)Load("Directory.Packages.props").Descendants("PackageVersion").Single(known => (string?)known.Attribute("Include") == package).Attribute("Version");
        ((string?)asked.Attribute("Version")).ShouldBe(version);
    }

    private static XElement Load(params string[] path) => XElement.Load(Repository.PathOf(path));
}
