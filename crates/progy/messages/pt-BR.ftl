# O que o Progy diz em português do Brasil. `en.ftl` tem as mesmas chaves com as mesmas variáveis.
# `count` e `total` são números, todas as outras variáveis são texto.

error = erro:
yes = sim
no = não

## Tempos

ago-moments = agora mesmo
ago-minutes = { $count ->
    [one] há 1 minuto
   *[other] há { $count } minutos
}
ago-hours = { $count ->
    [one] há 1 hora
   *[other] há { $count } horas
}
ago-days = { $count ->
    [one] ontem
   *[other] há { $count } dias
}

## Enquanto algo acontece

saving = Salvando…
syncing = Sincronizando…
fetching = Baixando o curso…
restoring = Trazendo os arquivos de volta…
resetting = Voltando ao original…
upgrading = Atualizando o curso…
waiting-for-lock = Outro comando progy está trabalhando nesta pasta. Esperando ele terminar…

## init

progress-found = Progresso encontrado. Restaurando seus arquivos…
starting-over = Começando do zero. O que você tinha continua no histórico: veja `progy log`.
resume-or-fresh = Deseja continuar de onde parou ({ $strategy }: { $when }, { $device }) ou iniciar do zero?
option-resume = continuar
option-fresh = iniciar do zero
workspace-exists = Esta pasta já tem o curso { $course }. Sincronizando.
started = { $course } { $version } está pronto em { $folder }. Resolva uma lição e rode `progy test` lá.
restored = { $course } { $version } está de volta em { $folder }: { $count ->
    [0] todos os arquivos já estavam em dia.
    [one] 1 arquivo restaurado.
   *[other] { $count } arquivos restaurados.
}
adopted = { $count ->
    [one] 1 arquivo já estava aqui. Ele foi mantido como edição sua; `progy save` o salva:
   *[other] { $count } arquivos já estavam aqui. Eles foram mantidos como edições suas; `progy save` os salva:
}
not-adopted = { $count ->
    [one] Mais 1 arquivo já estava aqui. Ele fica só neste dispositivo: o curso não o sincroniza.
   *[other] Mais { $count } arquivos já estavam aqui. Eles ficam só neste dispositivo: o curso não os sincroniza.
}
upgrade-exists = Saiu a versão { $version } do curso. Rode `progy upgrade` quando quiser: seu trabalho vai junto.
vscode-task = { $path } está pronto: o VS Code roda `progy dev` quando você abrir a pasta.
vscode-by-hand = { $path } não é JSON puro, então o progy o deixa como está. Acrescente esta tarefa nele à mão:
other-course = Esta pasta já é de outro curso, { $course }. Escolha outra pasta: `progy init -c CURSO PASTA`.
inside-workspace = Esta pasta fica dentro da pasta de outro curso, { $folder }. Escolha uma pasta fora dela: `progy init -c CURSO PASTA`.
folder-too-large = { $folder } não é um bom lugar para um curso: tudo o que há nela seria sincronizado. Escolha uma pasta só para ele: `progy init -c CURSO PASTA`.
no-folder = Não dá para usar a pasta { $folder } ({ $reason }). Escolha outra: `progy init -c CURSO PASTA`.

## Depois de salvar, sincronizar e tudo o que é feito disso

message-save = Salvo
message-sync = Sincronizado
received = { $count ->
    [one] 1 arquivo mudou aqui:
   *[other] { $count } arquivos mudaram aqui:
}
published = { $count ->
    [one] Salvo: revisão { $revision }.
   *[other] { $count } revisões publicadas; a mais nova é { $revision }.
}
saved-here = Salvo neste dispositivo.
up-to-date = Tudo está salvo. Não há nada de novo.
recovered = O servidor tinha perdido algumas das suas revisões. O que este dispositivo tem delas foi publicado de novo.
conflicts-wait = { $count ->
    [one] 1 cópia de conflito espera por você. Veja `progy conflicts`.
   *[other] { $count } cópias de conflito esperam por você. Veja `progy conflicts`.
}
and-more = { $count ->
    [one] e mais 1
   *[other] e mais { $count }
}
to-run = Dependências e resultados de compilação não viajam. Para tê-los aqui, rode:
to-run-in = Em { $folder }/: { $command }
to-run-here = Na pasta do curso: { $command }
new-version = O curso agora está na versão { $version }.
newest-already = Você já tem a versão mais nova, { $version }.

## status

status-course = { $course } { $version }
status-progress = { $total ->
    [one] { $count } de 1 lição concluída
   *[other] { $count } de { $total } lições concluídas
}
status-base = Sincronizado com o servidor até a revisão { $revision }
status-no-base = Nada foi salvo no servidor ainda
status-offline = O servidor não responde agora: isto é o que este dispositivo sabe.
status-no-login = Você não entrou na sua conta: isto é o que este dispositivo sabe. Rode `progy login`.
status-behind = { $count ->
    [one] 1 revisão espera no servidor. Traga com `progy sync`
   *[other] { $count } revisões esperam no servidor. Traga com `progy sync`
}
status-queued = { $count ->
    [one] 1 revisão espera para ser enviada. `progy sync` a envia
   *[other] { $count } revisões esperam para ser enviadas. `progy sync` as envia
}
status-clean = Todas as mudanças estão salvas
status-changed = { $count ->
    [one] 1 arquivo mudou desde a última vez que você salvou:
   *[other] { $count } arquivos mudaram desde a última vez que você salvou:
}
status-special = { $count ->
    [one] Um arquivo não é sincronizado, porque é um socket, um pipe ou um arquivo de dispositivo:
   *[other] { $count } arquivos não são sincronizados, porque são sockets, pipes ou arquivos de dispositivo:
}

## log, diff

log-waiting = na fila {""}
log-here = {"  "}← este dispositivo
log-details = { $device }, { $when }, { $count ->
    [one] 1 arquivo
   *[other] { $count } arquivos
}, { $size }
log-empty = Nada foi salvo ainda.
no-difference = Nenhuma diferença.
binary-differs = { $path } é diferente, mas não é texto.

## conflicts, trash, strategy

no-conflicts = Não há conflitos.
conflict-copy = {"  "}{ $copy } (de { $device })
how-to-resolve = Resolva cada um com `progy resolve ARQUIVO` e --mine (fica o seu), --theirs (fica a cópia), --markers (escreve os dois no arquivo) ou --merged (você já juntou os dois).
markers-written = As duas versões estão em { $path }. Edite o arquivo e rode `progy resolve { $path } --merged`.
trash-empty = A lixeira está vazia.
trash-restored = De volta: { $path }
strategy-is = Estratégia: { $strategy }
strategy-now = A partir de agora a estratégia é { $strategy }, em todos os aparelhos, e o histórico veio junto.
strategy-offline = A estratégia só pode ser mudada com o servidor ao alcance ({ $reason }). Nada foi alterado; seu trabalho está seguro neste aparelho.
changing-strategy = Mudando a estratégia…

## login

welcome = Que bom ver você, { $name }! Você entrou em { $server }.
login-code = Seu código: { $code }
login-where = Confirme-o em um navegador: { $address }
login-browser = Seu navegador deve abrir sozinho. Se não abrir, vá a esse endereço em qualquer dispositivo.
login-waiting = Esperando sua confirmação…
login-denied = Este dispositivo foi recusado no navegador. Se foi engano, rode `progy login` de novo.
login-expired = O código não foi confirmado a tempo. Rode `progy login` para receber um novo.
token-kept = O token de { $server } ficou guardado neste dispositivo.
token-not-checked = O token não foi conferido, pois não foi possível falar com o servidor ({ $reason }).
not-encrypted = A conexão com { $server } não é criptografada: outras pessoas na rede podem ler o seu token. Use um endereço https:// se houver.
logged-out = Você saiu de { $server }. Seus arquivos continuam como estão.
logged-out-here = Este dispositivo esqueceu o login em { $server }. Seus arquivos ficam como estão.
session-stays = Não deu para avisar o servidor ({ $reason }): a sessão termina sozinha depois de uma semana sem uso. Para terminar antes, encerre-a com suas outras sessões na web.
was-not-logged-in = Você não tinha entrado em { $server }.
token-from-environment = PROGY_TOKEN está definida e ainda vale como login.
you-are = { $name } em { $server }

## O que convém saber sobre os arquivos

notice-secret = { $path } parece guardar um segredo, por isso não é sincronizado. O curso ou uma linha `!{ $path }` no `.progyignore` pode incluí-lo.
notice-bad-name = { $path } não é sincronizado: esse nome não funciona em todos os sistemas. Mude o nome para sincronizar.
notice-unreadable = Não dá para ler ou mudar { $path }, então fica como está. Confira as permissões e rode `progy sync`.
notice-special = { $count ->
    [one] { $paths } é um socket, um pipe ou um arquivo de dispositivo, por isso não é sincronizado.
   *[other] { $count } arquivos são sockets, pipes ou arquivos de dispositivo, por isso não são sincronizados: { $paths }
}
notice-link-outside = { $path } é um link para fora da pasta do curso, por isso não é sincronizado.
notice-cannot-hold = Este sistema não aceita um arquivo chamado { $path }. Ele continua seguro no servidor.

## O que deu errado, que o trabalho está seguro, e o que rodar agora

no-home = Não há uma pasta para as configurações. Defina PROGY_CONFIG_DIR ou HOME e tente de novo.
no-runtime = O sistema recusa algo de que o progy precisa ({ $reason }). Seu trabalho está seguro; tente de novo.
no-current-folder = Não dá para ler a pasta atual ({ $reason }). Vá para a pasta do curso com `cd` e tente de novo.
no-json = Não foi possível escrever a resposta ({ $reason }). Seu trabalho está seguro; tente de novo sem --json.
not-written = Não foi possível escrever a resposta na saída padrão. Seu trabalho está seguro; confira para onde vai a saída e tente de novo.
settings-strategy = O progy.toml pede a estratégia { $strategy }, mas o espaço de trabalho é levado por { $has }. Seus arquivos estão seguros; volte para `{ $has }` e mude com `progy strategy`.
no-workspace = Esta pasta não é de um curso. Vá para uma com `cd`, ou comece um curso com `progy init -c CURSO PASTA`.
no-state = { $folder } tem um progy.toml, mas este dispositivo não sabe nada dela. Rode `progy init -c { $course }` nela: seus arquivos ficam, e o que você salvou se junta a eles.
outside = { $path } não fica na pasta deste curso. Escolha um arquivo do curso.
locked = Outro comando progy ainda está trabalhando nesta pasta. Seus arquivos estão seguros; espere ele terminar e tente de novo.
disk-full = Não há mais espaço neste disco. Nada se perdeu; libere espaço e rode o comando de novo.
disk-failed = { $path }: o disco recusa ({ $reason }). Nada se perdeu; confira o espaço livre e as permissões e rode o comando de novo.
damaged = { $what } está danificado. Seus arquivos estão intactos; mova a pasta .progy para outro lugar e rode `progy init -c CURSO` aqui para ligá-los de novo.
from-the-future = { $what } foi escrito por um progy mais novo. Seus arquivos estão intactos; instale o progy mais novo e tente de novo.
unreachable = Não foi possível falar com o servidor ({ $reason }). Seu trabalho está seguro neste dispositivo; confira a conexão e rode o comando de novo.
queued = Não foi possível falar com o servidor ({ $reason }). Seu trabalho está seguro neste dispositivo: { $count ->
    [one] 1 revisão espera, e `progy sync` a envia depois.
   *[other] { $count } revisões esperam, e `progy sync` as envia depois.
}
no-token = Você não entrou em { $server }. Rode `progy login`, com --server URL para outro servidor.
not-logged-in = O servidor não reconhece este login. Seu trabalho está seguro neste dispositivo; rode `progy login` e depois `progy sync`.
keyring-closed = Seu login está no chaveiro do sistema, que não o entrega ({ $reason }). Seu trabalho está seguro neste dispositivo; destranque o chaveiro ou rode `progy login`.
token-refused = { $server } não reconhece este token. Peça um novo e rode `progy login --token TOKEN`.
bad-token = O token tem caracteres que nenhum token tem. Rode `progy login --token TOKEN` de novo.
login-empty-token = O token está vazio. Rode `progy login` para entrar pelo navegador, ou informe um token: `progy login --token TOKEN`.
bad-server = Não dá para usar o endereço do servidor: { $reason }. Corrija PROGY_API_URL ou rode `progy login --server URL`.
config-io = Não dá para usar { $path } ({ $reason }). Seu trabalho está seguro; confira as permissões dessa pasta e tente de novo.
config-damaged = Não dá para entender { $path } ({ $reason }). O progy não mexeu nele; corrija ou mova o arquivo e tente de novo.
no-course = O servidor não tem o curso { $course }. Veja os que ele tem com `progy course list`.
no-version = A versão { $version } de { $course } não está neste dispositivo ou não está no servidor. Seu trabalho está seguro; rode `progy sync` quando o servidor responder.
bad-package = O pacote do curso não é válido ({ $reason }). Seu trabalho está seguro; avise quem fez o curso.
file-too-large = { $path } é grande demais ({ $size }): um arquivo pode ter até { $limit }. Seu trabalho está seguro; liste o arquivo no .progyignore e rode o comando de novo. `progy strategy snapshot` leva arquivos de qualquer tamanho.
workspace-too-large = Suas mudanças são grandes demais ({ $size }): juntas podem ter até { $limit }. Seus arquivos estão seguros; liste no .progyignore o que não precisa ir junto e rode o comando de novo. `progy strategy snapshot` leva projetos de qualquer tamanho.
quota-exceeded = Seu espaço no servidor acabou. Seu trabalho está seguro neste dispositivo; peça mais a quem cuida do servidor e rode `progy sync`.
other-strategy = O espaço de trabalho agora é levado de outro jeito ({ $strategy }), que esta versão do progy não conhece. Seus arquivos estão seguros neste aparelho; instale o progy mais novo e rode o comando de novo.
strategy-later = A estratégia { $strategy } chega em uma versão futura do progy. Use `patch`; seus arquivos estão como estavam.
keeps-changing = { $path } não para de mudar durante a leitura. Seu trabalho está seguro; pare o que o escreve e rode o comando de novo.
keeps-markers = { $path } ainda tem marcas de conflito (<<<<<<<). Nada mudou; edite o arquivo e rode `progy resolve { $path } --merged` de novo.
busy = Outros dispositivos estão salvando ao mesmo tempo. Seu trabalho está seguro neste dispositivo; rode `progy sync` daqui a pouco.
no-revision = Nenhuma revisão se chama { $revision }, ou mais de uma começa assim. Veja os ids com `progy log`.
no-such-path = Não há { $path } aqui. Veja o que há com `progy status`, `progy log` ou `progy trash`.
no-conflict = { $path } não tem conflito. Veja os que esperam com `progy conflicts`.
several-copies = Há várias cópias de conflito de { $path }. Diga qual delas: { $copies }
missing-content = O conteúdo de { $path } não foi encontrado, nem aqui nem no servidor. Nada mudou; rode `progy sync` e tente de novo.
invalid-tree = O servidor enviou arquivos que não dá para usar ({ $reason }). Nada mudou; avise quem cuida do servidor.
git-other-branch = O branch { $branch } está ativo, e o progy salva o main. Nada foi alterado; rode `git switch main` e depois o comando de novo.
git-detached = Nenhum branch do Git está ativo aqui (detached HEAD), e o progy salva o main. Nada foi alterado; rode `git switch main` e depois o comando de novo.
git-unfinished = Um { $what } foi começado com o git e não terminou. Nada foi alterado; termine-o (`git { $what } --continue`) ou desista dele (`git { $what } --abort`) e depois rode o comando de novo.
git-locked = Outro comando do git está trabalhando aqui, ou foi interrompido. Nada foi alterado; espere por ele ou, se nenhum estiver rodando, apague o arquivo { $lock } e depois rode o comando de novo.
git-unmerged = O Git deixou arquivos sem mesclar. Nada foi alterado; resolva-os (`git status` diz quais, `git add` em cada um) e depois rode o comando de novo.
git-line-endings = O Git está configurado para trocar os fins de linha aqui, o que o progy não faz. Nada foi alterado; rode `git config core.autocrlf false` e depois o comando de novo.
git-filter = O arquivo .gitattributes passa arquivos por um programa ({ $filter }), como faz o Git LFS; esses o progy não consegue salvar. Nada foi alterado; tire a linha e depois rode o comando de novo.
git-unrelated = O branch main não tem nada em comum com o que foi salvo. Nada foi alterado; `git log origin/main` mostra o que foi salvo, e `git reset --keep origin/main` volta para lá.
git-shallow = Uma parte do histórico não está nesta pasta (clone raso), e o progy precisa dela. Nada foi alterado; rode `git fetch --unshallow` e depois o comando de novo.
git-unfit = Um commit contém { $path }, que não pode ser sincronizado: { $reason }. Nada foi alterado; tire-o com `git rm --cached { $path }`, faça um commit e depois rode o comando de novo.
git-unfit-path = Isto não pode ser salvo no Git: { $reason }. Seus arquivos estão como estavam; dê outro nome e depois rode o comando de novo.
git-object = O repositório Git nesta pasta está danificado (objeto { $id }: { $reason }). Seus arquivos estão como estavam; copie-os para outro lugar e recomece em uma pasta vazia com `progy init`.
git-moved = Outro programa moveu o branch main enquanto isso. Seus arquivos estão como estavam; rode o comando de novo.
git-failed = O repositório Git nesta pasta não pode ser usado ({ $reason }). Seus arquivos estão como estavam.
link-needed = O servidor não alcança seus repositórios: { $reason }. Seu trabalho está seguro neste dispositivo; faça isso no navegador e rode o comando de novo.
git-host-refused = O servidor Git recusa o salvamento: { $reason }. Seu trabalho está seguro neste dispositivo, em um commit.
foreign-repository = Esta pasta já é um repositório Git, e não deste curso. Nada foi alterado; escolha outra pasta.
other-strategy-here = Este espaço de trabalho é levado pela estratégia { $strategy }, e não { $wanted }. Nada foi alterado; tire o `--strategy` e mude com `progy strategy { $wanted }`.
refused = O servidor recusa: { $reason } ({ $code }). Seu trabalho está seguro neste dispositivo.

## test

testing = Verificando { $lesson }…
test-read = Não há nada para rodar aqui: esta lição é só para ler.
test-timed-out = Interrompido: demorou demais. Será que algum laço nunca termina?
test-stopped = Interrompido. Nada foi registrado; rode `progy test` de novo quando quiser.
test-failed = Ainda não passou, e é assim que se aprende. Edite { $file } e rode `progy test { $lesson }` de novo.
lesson-completed = Lição { $lesson } concluída! { $count ->
    [one] +1 ponto
   *[other] +{ $count } pontos
}
lesson-again = A lição { $lesson } passou de novo.
module-completed = Você concluiu o módulo { $module }!
next-lesson = Próxima: { $lesson }
course-completed = Essa foi a última lição. Você concluiu o curso!
all-passed = Todas as lições estão concluídas. `progy test LIÇÃO` verifica uma de novo.
level-error = erro
level-warning = aviso
level-note = nota
trust-explained = Para verificar soluções, { $course } { $version } roda este código no seu dispositivo. Ele foi escrito por quem fez o curso, não pelo progy:
trust-question = Você confia em quem fez o curso, e ele pode rodar?
trust-refused = O curso não pode rodar o código dele, então nada foi verificado. Seu trabalho está seguro; rode `progy test` de novo se mudar de ideia.
trust-needed = O curso ainda não pode rodar código neste dispositivo. Olhe o comando acima e rode `progy test --trust` se confia em quem fez o curso.
lesson-locked = { $lesson } ainda está bloqueada: neste curso as lições seguem uma ordem. Primeiro passe em { $first }: `progy test { $first }`.
no-lesson = Não existe a lição { $lesson } neste curso. Sem nome, `progy test` usa a próxima.
no-lesson-but = Não existe a lição { $lesson } neste curso. Você quis dizer { $near }?
several-lessons = { $lesson } serve para várias lições: { $fitting }. Diga qual delas.
no-runner = O curso não diz como verificar { $lesson }. Seu trabalho está seguro; avise quem fez o curso.
runner-invalid = O executor { $runner } deste curso não pode ser usado ({ $reason }). Seu trabalho está seguro; avise quem fez o curso.
program-missing = { $program } não está instalado, ou não está no PATH, e este curso precisa dele. Instale-o e rode `progy test` de novo; `progy doctor` verifica tudo o que é preciso.
program-missing-guide = { $program } não está instalado, ou não está no PATH, e este curso precisa dele. { $guide } diz como instalar; depois rode `progy test` de novo.
program-not-started = Não foi possível iniciar { $program } ({ $reason }). Seu trabalho está seguro; `progy doctor` verifica o que este curso precisa.
docker-failed = O Docker não conseguiu rodar a verificação desta lição; o que ele disse está acima. Seu trabalho está seguro; `progy doctor` verifica o Docker.

## dev, open

message-dev = Salvamento automático
dev-begins = Acompanhando { $folder }. É só trabalhar: o que você muda é salvo, e o que seus outros dispositivos salvam chega aqui. Ctrl-C salva e encerra.
dev-runs-already = O `progy dev` já está rodando nesta pasta, em outro terminal ou no seu editor. Seu trabalho está sendo salvo lá.
dev-gone = Não foi possível falar com o servidor. Continue trabalhando: tudo é salvo neste dispositivo e enviado quando o servidor voltar.
dev-back = O servidor voltou.
dev-saved-here = { $count ->
    [one] Salvo neste dispositivo; 1 revisão espera o servidor.
   *[other] Salvo neste dispositivo; { $count } revisões esperam o servidor.
}
dev-received = De { $device }: { $message }
dev-queued = Não foi possível falar com o servidor. Seu trabalho está seguro neste dispositivo: { $count ->
    [one] 1 revisão espera, e `progy sync` a envia depois.
   *[other] { $count } revisões esperam, e `progy sync` as envia depois.
}
dev-ends = Está tudo salvo. Até logo!
open-begins = { $editor } está abrindo { $folder }. Deixe isto rodando: salva o que você muda e traz o que seus outros dispositivos salvam. Ctrl-C salva e encerra.
open-beside-dev = { $editor } está abrindo. O `progy dev` já roda nesta pasta e salva o que você muda.
editor-not-found = O editor { $editor } não está no PATH. Instale-o ou indique outro: `progy open --editor EDITOR`.
no-editor = Nenhum editor foi encontrado. Indique um: `progy open --editor EDITOR`, ou defina EDITOR.
editor-command = Não foi possível entender o comando do editor { $editor }. Indique outro: `progy open --editor EDITOR`.
editor-not-started = Não foi possível iniciar { $editor } ({ $reason }). Seu trabalho está seguro; indique outro: `progy open --editor EDITOR`.

## course

checking = Verificando…
packing = Empacotando…
publishing = Publicando…
asking = Perguntando ao servidor…
check-fine = { $count ->
    [0] O curso está em ordem.
    [one] O curso pode ser publicado; 1 aviso.
   *[other] O curso pode ser publicado; { $count } avisos.
}
check-errors = { $count ->
    [one] 1 erro
   *[other] { $count } erros
}, { $total ->
    [one] 1 aviso.
   *[other] { $total } avisos.
} Corrija os erros e verifique de novo.
course-has-errors = O curso tem { $count ->
    [one] 1 erro,
   *[other] { $count } erros,
} indicados acima. Nada foi publicado nem empacotado; corrija e tente de novo.
packed = { $course } { $version }: { $count ->
    [one] 1 arquivo,
   *[other] { $count } arquivos,
} { $size } em { $file }
cannot-pack = Não é possível empacotar o curso: { $reason }. Corrija isso e tente de novo.
cannot-write = Não é possível gravar { $path } ({ $reason }). Nada foi mudado; escolha outro lugar com -o.
course-published = { $course } { $version } publicado: { $count ->
    [one] 1 arquivo,
   *[other] { $count } arquivos,
} { $size }.
course-there = { $course } { $version } já está no servidor, e é igual.
version-exists = { $course } { $version } já foi publicado com outro conteúdo, e uma versão publicada nunca muda. Aumente `version` em course.json e publique de novo.
may-not-publish = Você não pode publicar { $course }: { $reason }.
no-courses = O servidor ainda não tem cursos.
imported = { $count ->
    [one] 1 lição,
   *[other] { $count } lições,
} versão { $version }, em { $folder }. Confira e rode `progy course publish { $folder }`.
imported-without-licence = A pasta não tem licença. Inclua a do rustlings antes de publicar o curso para outras pessoas.
cannot-import = Nada foi importado: { $reason }. Indique uma cópia do rustlings e, com -o, uma pasta nova.

## serve, admin

invite-link = Quem digitar este código neste endereço do seu servidor pode se cadastrar, uma vez: { $link }
user-added = { $name } foi incluído. `progy admin token create { $name }` cria um token para entrar.
keys-rotated =
    Tudo está cifrado com a chave { $key } agora. { $count ->
        [0] Nenhuma conta precisou mudar.
        [one] Uma conta foi mudada.
       *[other] { $count } contas foram mudadas.
    }
key-to-remove = Nada mais precisa da chave { $key }: retire-a de `vault.keys`, ou de PROGY_VAULT_KEYS.
key-kept = Alguns tokens não puderam ser decifrados, por isso a chave { $key } fica. O registro acima diz de que contas são; essas pessoas precisam vinculá-las de novo. Depois execute `progy admin keys rotate` mais uma vez.
fsck-pack = Danificado: { $object }: { $what }
fsck-pack-repaired = Reparado: { $object }: { $what }
fsck-blob = Perdido: o blob { $blob }, de que a revisão { $revision } de { $course }, de { $learner }, precisa
fsck-fine = Todos os snapshots podem ser lidos: { $packs } pacotes com { $blobs } blobs, { $revisions } revisões.
fsck-damaged = { $count ->
        [one] Uma coisa está danificada ou perdida
       *[other] { $count } coisas estão danificadas ou perdidas
    }; os nomes estão acima, e nada foi mudado. Traga os objetos de volta de uma cópia dos dados, se houver. `progy admin fsck --repair` guarda o que está inteiro.
fsck-left = { $count ->
        [one] Uma coisa está danificada ou perdida, e inteira em nenhum lugar deste servidor
       *[other] { $count } coisas estão danificadas ou perdidas, e inteiras em nenhum lugar deste servidor
    }; o resto está a salvo. Traga os objetos que faltam de uma cópia dos dados, ou peça a quem aprende que salve esses arquivos de novo em um dispositivo que os tenha; depois execute `progy admin fsck --repair` mais uma vez.
no-password = Não há senha na entrada padrão. Escreva-a lá: `progy admin user add NOME --email E --password-stdin < ARQUIVO`.
no-tokens = { $name } não tem tokens. `progy admin token create { $name }` cria um.
token-line = { $id }  { $label }  { $scopes }  usado: { $used }  { $state }
token-never = nunca
token-is-revoked = revogado
token-until = vale até { $day }
token-forever = não expira
token-revoked = O token { $id } de { $name } foi revogado: ninguém mais entra com ele.
user-exists = Já existe o usuário { $name }. Escolha outro nome, ou crie um token: `progy admin token create { $name }`.
no-user = Não existe o usuário { $name }. Inclua: `progy admin user add { $name }`.
admin-refused = Nada foi mudado: { $reason }.
server-config = { $reason }. Corrija isso e inicie o servidor de novo.
config-sound = A configuração está certa: um servidor inicia com ela.
config-warning = Atenção: { $reason }.
server-listen = O servidor não consegue escutar em { $address } ({ $reason }). Escolha outro endereço com --listen; a porta 0 pega uma livre.
server-data = O servidor não consegue usar a pasta { $folder } ({ $reason }). Confira as permissões, ou escolha outra com --data.

## doctor

doctor-fine = Tudo o que o progy precisa está aqui.
doctor-not-fine = Falta algo de que o progy precisa; as setas dizem o que fazer. Seu trabalho neste dispositivo está seguro.
doctor-server = O servidor { $server } responde em { $took } ms
doctor-no-server = Não foi possível falar com o servidor ({ $reason })
fix-server = Confira sua conexão. Com outro endereço: `progy login --server URL`, ou defina PROGY_API_URL
fix-server-address = Defina outro endereço: `progy login --server URL`, ou PROGY_API_URL
doctor-login = Você entrou como { $name } ({ $role })
doctor-no-token = Você não entrou em { $server }
doctor-no-login = O login não funciona ({ $reason })
fix-login = Rode `progy login`
doctor-clock = O relógio concorda com o do servidor
doctor-wrong-clock = O relógio difere do servidor em { $count ->
    [one] 1 minuto
   *[other] { $count } minutos
}. Nada se perde com isso, mas horários e sequências ficam errados
fix-clock = Deixe o sistema acertar o relógio pela rede
doctor-space = { $folder } aceita gravação; { $size } livres
doctor-writable = { $folder } aceita gravação
doctor-read-only = { $folder } não aceita gravação ({ $reason })
fix-read-only = Torne-se dono da pasta e confira se o disco não está cheio
fix-space = Libere espaço nesse disco
fix-home = Defina PROGY_CONFIG_DIR ou HOME
doctor-no-workspace = Esta pasta não é de um curso, então nenhuma foi verificada
doctor-open = Outras pessoas nesta máquina podem ler seu login em { $file }
fix-open = chmod 600 { $file }
doctor-no-git = O git não está instalado. O progy não precisa dele; você talvez queira
fix-git = Instale o git: https://git-scm.com/downloads
doctor-no-docker = O Docker não está instalado. Só precisam dele os cursos que verificam soluções em contêineres
doctor-docker-silent = O Docker não responde ({ $reason }). Só precisam dele os cursos que verificam soluções em contêineres
fix-docker = Instale ou inicie o Docker: https://docs.docker.com/get-docker
doctor-not-trusted = { $course } traz verificações próprias. São código de quem fez o curso, que você ainda não deixou rodar
fix-not-trusted = Rode `progy test` uma vez, que pergunta
doctor-missing = { $name }: { $program } não está instalado, ou não está no PATH
doctor-check-failed = { $name }: está instalado, mas não funciona ({ $reason })
doctor-check-invalid = { $name }: não foi possível entender a verificação do curso
fix-course = Veja o que o curso diz sobre isso
fix-course-guide = Veja { $guide }

## demo

demo-begins = Um servidor e dois dispositivos em pastas temporárias, e um curso de verdade. Tudo é removido no fim.
demo-server = Um servidor está escutando em { $address }.
demo-strategy = Estratégia { $strategy }
demo-no-git = A estratégia git fica de fora: o programa `git` não está nesta máquina, e um servidor precisa dele para guardar repositórios.
demo-desk = desktop
demo-laptop = notebook
demo-begin = No { $device }: começar o curso e resolver a primeira lição
demo-restore = No { $device }: continuar de onde parou
demo-merge = Os dois editam linhas diferentes de um arquivo
demo-conflict = Os dois editam a mesma linha
demo-delete = Um apaga o que o outro edita
demo-offline = O { $device } perde a conexão; os dois continuam trabalhando
demo-upgrade = O autor publica a versão { $version }; o trabalho vem junto
demo-check = Ainda está tudo lá?
demo-writes = { $device } escreve em { $path }: { $text }
demo-deletes = { $device } apaga { $path }
demo-message-hello = Primeira lição
demo-message-first = No trem, 1
demo-message-second = No trem, 2
demo-no-runner = Não dá para verificar lições nesta máquina (é preciso ter cargo e rustc). Seguindo sem isso.
demo-restored = Todos os arquivos e o progresso estão lá
demo-merged = As duas mudanças estão no arquivo, nos dois dispositivos
demo-both-kept = Nenhuma das versões se perde: a outra está em { $copy }
demo-edit-stays = O arquivo editado voltou nos dois dispositivos
demo-published-both = As duas revisões chegaram, em ordem, com suas mensagens
demo-upgraded = A lição nova está lá, e todo o trabalho também
demo-same = { $count } arquivos são iguais, byte a byte, nos dois dispositivos
demo-head-same = E iguais aos do servidor, depois de { $count } revisões
demo-nothing-lost = Cada um dos { $count } conteúdos que algum arquivo já teve pode ser recuperado
demo-done = Nada se perdeu. { $count ->
    [one] 1 estratégia
   *[other] { $count } estratégias
} em { $seconds } s.
demo-stopped = A demonstração foi interrompida. O que ela criou foi removido.
demo-broken = A demonstração não pode continuar: { $what } ({ $reason }). Confira o espaço e as permissões da pasta de arquivos temporários e tente de novo.
demo-no-server = O servidor da demonstração não iniciou. Rode `progy serve --listen 127.0.0.1:0 --data DIR` para ver por quê.
demo-command-failed = A demonstração falhou: `{ $command }` terminou com { $code }: { $reason }
demo-too-slow = A demonstração falhou: um comando não terminou em dois minutos.
demo-no-json = A demonstração falhou: `{ $command }` não imprimiu JSON ({ $reason }).
demo-not-passed = A demonstração falhou: a solução de { $lesson } não passou.
demo-no-progress = A demonstração falhou: o progresso não chegou ao { $device }.
demo-not-merged = A demonstração falhou: { $path } não contém as mudanças dos dois.
demo-differs = A demonstração falhou: { $path } não é igual nos dois dispositivos.
demo-head-differs = A demonstração falhou: os arquivos não são os que o servidor tem.
demo-lost = A demonstração falhou: { $what } se perdeu.
