using PasswordSync.Lab;
using PasswordSync.Operations.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(LabServers))]
[assembly: AssemblyFixture(typeof(OneNode))]
