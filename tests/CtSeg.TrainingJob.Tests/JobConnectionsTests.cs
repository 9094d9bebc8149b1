using CtSeg.Processes;

namespace CtSeg.TrainingJob.Tests;

public sealed class JobConnectionsTests : IDisposable
{
    private const string Bus = "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=name;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;";
    private static readonly Dictionary<string, string> Nothing = [];
    private static readonly Dictionary<string, string> Stack = new() { ["SlicesStorage"] = "UseDevelopmentStorage=true", ["ServiceBus"] = Bus };
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-note-").FullName;
    private string Note => Path.Combine(_folder, RunningStackNote.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Given_NothingIsSet_When_Found_Then_EachMissingSettingIsNamedWithWhatToDo()
    {
        JobConnections.Find(needsServiceBus: true, Nothing, Note, out var problems).ShouldBeNull();

        problems.Count.ShouldBe(2);
        problems[0].ShouldStartWith("SlicesStorage is not set");
        problems[1].ShouldStartWith("ServiceBus is not set");
        problems.ShouldAllBe(problem => problem.Contains("./ctseg up"));
        JobConnections.Find(needsServiceBus: false, Nothing, noteFile: null, out problems).ShouldBeNull();
        problems.Count.ShouldBe(1);
    }

    [Fact]
    public void Given_AStackRuns_When_NothingIsSet_Then_ItsConnectionsAreTaken()
    {
        RunningStackNote.OfThisProcess(Stack).Write(Note);

        var found = JobConnections.Find(needsServiceBus: true, Nothing, Note, out var problems).ShouldNotBeNull();

        problems.ShouldBeEmpty();
        found.Setting("ServiceBus").ShouldBe(Bus);
        found.Setting("Other").ShouldBeNull();
        found.OpenStorage().AccountName.ShouldBe("devstoreaccount1");
    }

    [Fact]
    public void Given_AStackRuns_When_TheEnvironmentNamesAStorage_Then_NothingOfTheStackIsTaken()
    {
        RunningStackNote.OfThisProcess(Stack).Write(Note);
        var environment = new Dictionary<string, string> { ["SlicesStorage__blobServiceUri"] = "https://account.blob.core.windows.net" };

        var found = JobConnections.Find(needsServiceBus: false, environment, Note, out _).ShouldNotBeNull();
        found.HasServiceBus.ShouldBeFalse();
        found.OpenServiceBus().ShouldBeNull();
        found.OpenStorage().AccountName.ShouldBe("account");
        JobConnections.Find(needsServiceBus: true, environment, Note, out var problems).ShouldBeNull();
        problems.ShouldHaveSingleItem().ShouldStartWith("ServiceBus is not set");
    }

    [Fact]
    public void Given_TheStackHasEnded_When_Found_Then_ItsNoteIsIgnoredAndThatIsSaid()
    {
        (RunningStackNote.OfThisProcess(Stack) with { ProcessId = int.MaxValue }).Write(Note);

        JobConnections.Find(needsServiceBus: false, Nothing, Note, out var problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().ShouldContain("has ended");
    }

    [Fact]
    public void Given_AnUnreadableNote_When_Found_Then_ThatIsSaid()
    {
        File.WriteAllText(Note, "{");

        JobConnections.Find(needsServiceBus: false, Nothing, Note, out var problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public void Given_AMistakeBesideAMissingConnection_When_Found_Then_TheStackIsNamedForTheMissingOneOnly()
    {
        var environment = new Dictionary<string, string> { ["ServiceBus__credential"] = "is not set: set" };

        JobConnections.Find(needsServiceBus: true, environment, noteFile: null, out var problems).ShouldBeNull();

        problems.Count.ShouldBe(3);
        problems.Single(problem => problem.StartsWith("ServiceBus__credential", StringComparison.Ordinal)).ShouldNotContain("./ctseg up");
        problems.Single(problem => problem.StartsWith("ServiceBus is not set", StringComparison.Ordinal)).ShouldEndWith("commands find it by themselves.");
    }

    [Fact]
    public void Given_AnEnvironmentWithMistakes_When_Found_Then_AllAreToldAtOnceAndNoSecretIs()
    {
        var environment = new Dictionary<string, string>
        {
            ["SlicesStorage"] = "AccountKey=not-to-be-seen",
            ["SlicesStorage__blobServiceUri"] = "https://account.blob.core.windows.net",
            ["ServiceBus__fullyQualifiedNamespace"] = "sb://bus.servicebus.windows.net",
            ["ServiceBus__credential"] = "key",
            ["ServiceBus__fullyQualifiedNamspace"] = "bus.servicebus.windows.net",
            ["SlicesStorage__connectionString"] = "not-to-be-seen-either",
        };

        JobConnections.Find(needsServiceBus: true, environment, noteFile: null, out var problems).ShouldBeNull();

        problems.ShouldBe(
        [
            "SlicesStorage cannot be read: it must be a storage connection string, copied from the storage account.",
            "SlicesStorage and SlicesStorage__blobServiceUri are both set: keep the address, which is entered with an identity, or the connection string, and remove the other.",
            "ServiceBus__fullyQualifiedNamespace is 'sb://bus.servicebus.windows.net': it must be a host name as name.servicebus.windows.net.",
            "ServiceBus__credential is 'key': it must be managedidentity.",
            "ServiceBus__fullyQualifiedNamspace is no setting and nobody reads it: ServiceBus__fullyQualifiedNamespace may be meant.",
            "SlicesStorage__connectionString is no setting and nobody reads it: the connection SlicesStorage has SlicesStorage__blobServiceUri, SlicesStorage__queueServiceUri, SlicesStorage__credential, SlicesStorage__clientId.",
        ]);
    }
}
