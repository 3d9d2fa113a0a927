# O que as páginas do Progy dizem em português. `en.ftl` tem as mesmas chaves com as mesmas variáveis.
# `count` é um número; toda outra variável é texto.

## On every page

skip = Pular para o conteúdo
nav-account = Sua conta
nav-people = Pessoas
sign-in = Entrar
sign-up = Cadastrar-se
sign-out = Sair
or = ou
save = Salvar
continue = Continuar
more = Mais
begin-again = Começar de novo
mistakes = Algo precisa da sua atenção
title-mistake = Erro:

## Times

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

## Signing in and registering

label-login = E-mail ou nome de usuário
label-password = Senha
label-remember = Continuar conectado neste navegador
label-name = Seu nome
label-email = E-mail
label-username = Nome de usuário (opcional)
label-invite = Convite
hint-username = Letras minúsculas, dígitos e -. Nunca muda: os cursos que você publicar levam esse nome.
hint-invite = O código que você recebeu; começa com progyi_.
sign-in-for-device = Entre para liberar seu dispositivo.
sign-in-github = Entrar com o GitHub
sign-up-github = Cadastrar-se com o GitHub
no-account = Ainda não tem conta?
has-account = Já tem conta?
sign-up-closed = Para se cadastrar aqui é preciso um convite de quem mantém este servidor.

wrong-login = Este nome e esta senha não combinam. Tente de novo.
wrong-password = Esta não é a sua senha.
wrong-password-short = Pelo menos { $count ->
    [one] 1 caractere
   *[other] { $count } caracteres
}
wrong-password-long = No máximo { $count ->
    [one] 1 caractere
   *[other] { $count } caracteres
}
wrong-email = Isto não é um e-mail. Escreva como ana@example.org.
wrong-email-taken = Alguém já tem este e-mail. É você? Então entre.
wrong-username = Um nome de usuário tem letras minúsculas, dígitos, -, _ e ., e começa com letra ou dígito.
wrong-username-taken = Alguém já tem este nome de usuário. Escolha outro.
wrong-invite = Este convite é desconhecido, já foi usado, venceu ou é para outro e-mail. Peça um novo.
wrong-closed = Sem convite ninguém se cadastra aqui. Peça um a quem mantém este servidor.
wrong-name = Um nome tem de 1 a 100 caracteres.

## GitHub

title-github-failed = Não deu para entrar
github-denied = Você não autorizou na página do GitHub. Nada mudou.
github-too-old = Demorou demais, foi tentado duas vezes ou começou em outro navegador. Tente de novo.
github-not-linked = Alguém aqui já tem o seu e-mail. Se for você, entre como antes e vincule o GitHub na página da sua conta.
github-of-another = Esta conta do GitHub pertence a outra pessoa aqui.
github-unable = Não foi possível vincular a conta. Se outra conta do GitHub já está vinculada, desvincule-a primeiro.
github-closed = Só quem tem convite pode se cadastrar aqui.
github-failed = O GitHub e este servidor não se entenderam. Tente de novo daqui a pouco.

## Devices

title-device = Liberar um dispositivo
label-code = Código
hint-code = Seu terminal mostra depois de “progy login”: oito letras.
device-asks = Um dispositivo quer usar a sua conta.
device-compare = Seu terminal deve mostrar o mesmo código.
device-name = Dispositivo
device-nameless = sem nome
device-program = Programa
device-address = De
device-when = Pediu
device-approve = Liberar
device-deny = Recusar
device-warning = Libere somente se você mesmo acabou de rodar “progy login”. Se outra pessoa mandou você aqui, ela entraria na sua conta.
device-unknown = Este código não existe. Olhe no seu terminal e digite de novo.
device-expired = Este código venceu. Rode “progy login” de novo para receber outro.
device-of-another = Outra pessoa está vendo este código. Rode “progy login” de novo para receber outro.
title-device-in = O dispositivo está liberado
title-device-out = O dispositivo foi recusado
device-in = Pode voltar ao terminal: ele cumprimenta você em alguns segundos.
device-out = Ele não pode usar a sua conta. Se foi engano, rode “progy login” de novo.
to-account = Sua conta e seus dispositivos

## The account

title-account = Sua conta
member-since = aqui desde
role-learner = estudante
role-author = autor
role-admin = administrador
devices = Dispositivos e navegadores
this-browser = este navegador
kind-device = Dispositivo
kind-browser = Navegador
used = usado
sign-out-of = Sair: { $name }
sign-out-everywhere = Sair de todos
sign-out-everywhere-hint = Encerra todos estes. Seu trabalho fica nos dispositivos; os tokens de acesso continuam valendo.
links = Formas de entrar
link-password = Senha
link-password-is = Você pode entrar com seu e-mail ou nome de usuário e uma senha.
link-password-none = Você não tem. Pode criar uma abaixo.
link-github = Vincular o GitHub
link-github-why = Entre com um clique e guarde seu trabalho em repositórios seus.
unlink-github = Desvincular o GitHub
linked-since = vinculado desde
tokens = Tokens de acesso pessoal
tokens-why = Para scripts e máquinas sem navegador: PROGY_TOKEN ou progy login --token.
used-on = último uso
never-used = nunca usado
expires-on = termina em
never-expires = não termina
revoke = Revogar
revoke-named = Revogar: { $name }
token-make = Criar um token
label-token = Para que serve
hint-token = Para você reconhecê-lo nesta lista.
token-scopes = O que ele pode fazer
scope-sync = Estudar: cursos, espaços de trabalho, progresso
scope-publish = Publicar cursos
scope-admin = Administrar
token-expires = Termina
in-days = { $count ->
    [one] amanhã
   *[other] em { $count } dias
}
never = nunca
token-new = Seu novo token
token-once = Copie agora: ele aparece só desta vez.
profile = Perfil
label-current = Sua senha atual
label-new-password = Nova senha
label-others = Sair de todos os outros
password-change = Mudar a senha
password-set = Criar uma senha
wrong-scopes = Escolha pelo menos uma coisa que o token pode fazer.
wrong-label = No máximo { $count ->
    [one] 1 caractere
   *[other] { $count } caracteres
} para dizer para que serve um token.
wrong-last-account = Esta é a sua única forma de entrar. Crie uma senha primeiro.
wrong-no-account = Isto não está mais vinculado.

done-signed-out = Você saiu.
done-name = Seu nome foi mudado.
done-password = Sua senha foi mudada.
done-session = A sessão foi encerrada.
done-token = O token foi revogado.
done-github-linked = O GitHub está vinculado.
done-github-unlinked = O GitHub foi desvinculado, e seus tokens foram apagados.

## People

title-people = Pessoas
this-is-you = você
role-of = Papel de { $name }
done-role = O papel foi mudado.
wrong-own-role = Outro administrador precisa mudar o seu papel.
wrong-no-person = Não há ninguém com este nome.

## When something goes wrong

title-not-found = Não há nada aqui
failure-not-found = O endereço está errado, ou o que estava aqui não existe mais.
title-expired = Esta página ficou aberta tempo demais
failure-expired = Nada mudou. Volte, carregue a página de novo e envie o formulário outra vez. Seu navegador precisa aceitar cookies.
title-too-often = Foram tentativas demais
failure-too-often = Nada mudou. Tente de novo em { $count ->
    [one] 1 segundo
   *[other] { $count } segundos
}.
title-forbidden = Isto não é permitido
failure-forbidden = Seu navegador diz que outro site enviou isto. Se foi você, carregue a página aqui e tente de novo.
title-unavailable = Só um momento
failure-unavailable = O servidor não consegue fazer isto agora. Nada se perdeu; tente de novo daqui a pouco.
title-internal = Erro nosso
failure-internal = Algo deu errado aqui, e nada seu se perdeu. Tente de novo; se continuar, avise quem mantém este servidor.
title-bad = Não deu para ler
failure-bad = O servidor não conseguiu ler o que o navegador enviou. Volte, carregue a página de novo e tente outra vez.
