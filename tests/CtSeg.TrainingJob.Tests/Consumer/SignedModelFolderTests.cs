using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class SignedModelFolderTests : IDisposable
{
    private static readonly (string PrivateKey, string PublicKey, string KeyId) Key = ModelSignatures.NewKey();
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-signed-").FullName;

    public SignedModelFolderTests() => File.WriteAllBytes(Path.Combine(_folder, "model.json"), FakeModels.ManifestOf("v1"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Given_NoTrustedKeys_When_Loaded_Then_TheSignatureIsNotLookedAt()
    {
        File.WriteAllText(Path.Combine(_folder, "signature.json"), "{");

        SignedModelFolder.Only(TrustedKeys.None, _ => new FakeSegmenter())(_folder).ShouldNotBeNull();
    }

    [Fact]
    public void Given_ASignedModel_When_Loaded_Then_ItIs()
    {
        Sign(Key.PrivateKey);

        SignedModelFolder.Only(TrustedKeys.Read(Key.PublicKey), _ => new FakeSegmenter())(_folder).ShouldNotBeNull();
    }

    [Fact]
    public void Given_AnUnsignedModel_When_Loaded_Then_Refused() => Refused().Message.ShouldContain("not signed");

    [Fact]
    public void Given_ASignatureOfAnotherKey_When_Loaded_Then_Refused()
    {
        Sign(ModelSignatures.NewKey().PrivateKey);

        Refused().Message.ShouldContain("not trusted");
    }

    [Fact]
    public void Given_AManifestThatWasChangedAfterwards_When_Loaded_Then_Refused()
    {
        Sign(Key.PrivateKey);
        File.AppendAllText(Path.Combine(_folder, "model.json"), "\n");

        Refused().Message.ShouldContain("changed after it was signed");
    }

    [Fact]
    public void Given_AnUnreadableSignature_When_Loaded_Then_Refused()
    {
        File.WriteAllText(Path.Combine(_folder, "signature.json"), "{");

        Refused().Message.ShouldContain("cannot be read");
    }

    private ModelRefusedException Refused() => Should.Throw<ModelRefusedException>(
        () => SignedModelFolder.Only(TrustedKeys.Read(Key.PublicKey), _ => throw new InvalidOperationException("loaded"))(_folder));

    private void Sign(string privateKey)
    {
        var json = new BinaryData(File.ReadAllBytes(Path.Combine(_folder, "model.json")));
        var signature = ModelSignatures.Sign(privateKey, json, FakeModels.Named("v1").WeightsSha256);
        File.WriteAllBytes(Path.Combine(_folder, "signature.json"), JsonSerializer.SerializeToUtf8Bytes(signature, ModelsJson.Default.ModelSignature));
    }
}
